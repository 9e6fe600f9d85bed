/** @file relevance-rank and top-k: how many of the highest values lie inside the mask. */
import type { Metric } from '../metric.js'
import { orderOf } from '../order.js'
import { signOption } from '../places.js'
import { type Located, located } from './truth.js'

/** How many of the k highest values lie inside; of equal values at the border, as many as their share. */
function highestInside({ values, inside }: Located, k: number): number {
  const order = orderOf(values)
  const last = values[order[Math.min(k, order.length) - 1]!]!
  let [above, aboveInside, tied, tiedInside] = [0, 0, 0, 0]
  values.forEach((value, i) => {
    if (value > last) {
      above += 1
      aboveInside += inside[i]!
    } else if (value === last) {
      tied += 1
      tiedInside += inside[i]!
    }
  })
  return aboveInside + ((Math.min(k, values.length) - above) * tiedInside) / tied
}

/** Share of the K highest values that lie inside, K the size of the mask. Ties at the border count by their share, whatever their order. */
export const relevanceRank: Metric = {
  name: 'relevance-rank',
  aliases: ['precision'],
  summary: "share of the mask's size in highest values that lies inside it",
  formula: '|top_K(A) and M| / K, K = |M|',
  citation: 'Arras, Osman, Samek: CLEVR-XAI, Information Fusion 2022',
  options: { sign: signOption('signed') },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const found = located(subject, options, 'relevance-rank')
    if (found.count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    return { value: highestInside(found, found.count) / found.count, more: { area: found.count / found.inside.length } }
  },
}

/** Share of the k highest values that lie inside; `more.conceptInfluence` is that share times D / |M|. */
export const topK: Metric = {
  name: 'top-k',
  aliases: ['top-k-intersection'],
  summary: 'share of the k highest values that lies inside the mask',
  formula: '|top_k(A) and M| / k',
  citation: 'Theiner, Mueller-Budack, Ewerth: Interpretable Semantic Photo Geolocation, WACV 2022',
  options: {
    sign: signOption('signed'),
    k: { kind: 'number', default: 1000, minimum: 1, integer: true, describe: 'highest values that are looked at' },
  },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const found = located(subject, options, 'top-k')
    if (found.count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    const k = Math.min(options['k'], found.values.length)
    const value = highestInside(found, k) / k
    return { value, more: { k, conceptInfluence: (value * found.values.length) / found.count } }
  },
}
