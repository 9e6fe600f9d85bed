/** @file pointing-game: is the highest value inside the mask? */
import type { Metric } from '../metric.js'
import { signOption } from '../places.js'
import { located } from './truth.js'

/**
 * 1 where the largest value lies inside the mask or closer than `tolerance` pixels to it, else 0; of several largest values, their share.
 * Peers: TorchRay tolerates 15 pixels; Quantus has no tolerance, takes any tied maximum, and counts an empty mask as a hit (here NaN).
 */
export const pointingGame: Metric = {
  name: 'pointing-game',
  summary: 'whether the highest value lies inside the mask',
  formula: 'mean over argmax A of [some place of M is closer than r]',
  citation: 'Zhang et al.: Top-Down Neural Attention by Excitation Backprop, ECCV 2016',
  options: {
    sign: signOption('signed'),
    tolerance: {
      kind: 'number',
      default: 0,
      minimum: 0,
      describe: 'pixels that the highest value may lie outside by (0: inside only)',
    },
  },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const { values, inside, count, width } = located(subject, options, 'pointing-game')
    if (count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    const most = values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY)
    const { tolerance } = options as { tolerance: number }
    let [hits, maxima] = [0, 0]
    values.forEach((value, i) => {
      if (value !== most) return
      maxima += 1
      if (inside[i] || (tolerance > 0 && isNear(i, inside, width, tolerance))) hits += 1
    })
    return { value: hits / maxima, more: { maxima, area: count / inside.length } }
  },
}

function isNear(place: number, inside: Uint8Array, width: number, tolerance: number): boolean {
  const [y, x] = [Math.floor(place / width), place % width]
  const reach = Math.ceil(tolerance)
  const height = inside.length / width
  for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
    for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++)
      if (inside[v * width + u] && (v - y) ** 2 + (u - x) ** 2 < tolerance ** 2) return true
  return false
}
