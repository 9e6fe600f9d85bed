/** @file relevance-mass and energy-inside: the share of what is attributed that lies inside the mask. */
import type { Options } from '../../methods/method.js'
import type { Metric, MetricResult, MetricSubject } from '../metric.js'
import { signOption } from '../places.js'
import { located, unlocatable } from './truth.js'

function share(subject: MetricSubject, options: Options, name: string): MetricResult {
  const found = located(subject, options, name)
  const none = unlocatable(found)
  if (none?.reason === 'the mask is empty') return none
  let [within, total] = [0, 0]
  found.values.forEach((value, i) => {
    total += value
    if (found.inside[i]) within += value
  })
  const more = { area: found.count / found.inside.length }
  return total === 0 ? { value: Number.NaN, reason: 'the values add up to zero', more } : { value: within / total, more }
}

/** sum of A inside / sum of A; signed values may give anything, absolute ones a share. `more.area` is what a uniform map gets. */
export const relevanceMass: Metric = {
  name: 'relevance-mass',
  aliases: ['attribution-localisation'],
  summary: 'share of the attributed values that lies inside the mask',
  formula: 'sum_{i in M} A_i / sum_i A_i',
  citation: 'Arras, Osman, Samek: CLEVR-XAI, Information Fusion 2022; Kohlbrenner et al., IJCNN 2020',
  options: { sign: signOption('absolute') },
  needs: ['mask'],
  higherIsBetter: true,
  run: (subject, options) => share(subject, options, 'relevance-mass'),
}

/** The same of positive values: the energy-based pointing game; on a mosaic with the target's cells as mask, Focus. */
export const energyInside: Metric = {
  name: 'energy-inside',
  aliases: ['energy-pointing-game', 'focus'],
  summary: 'share of the positive values that lies inside the mask (on mosaics: Focus)',
  formula: 'sum_{i in M} max(A_i, 0) / sum_i max(A_i, 0)',
  citation: 'Wang et al.: Score-CAM, CVPRW 2020; Arias-Duart et al.: Focus!, 2022',
  options: { sign: signOption('positive') },
  needs: ['mask'],
  higherIsBetter: true,
  run: (subject, options) => share(subject, options, 'energy-inside'),
}
