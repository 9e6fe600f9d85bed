/** @file pixel-flipping: the deletion curve without its first point. */
import type { Metric } from '../metric.js'
import { areaOf, areaOption } from './area.js'
import { curveOf, curveOptions } from './curve.js'

/**
 * y_k = f(x with the k most relevant features at the fill), k = step, 2 step .. n: the input itself is no point of this curve. The value
 * is the mean of the points. Peers: Quantus takes one feature a step and trapezoids of width one (area=trapezoid-steps).
 */
export const pixelFlipping: Metric = {
  name: 'pixel-flipping',
  summary: 'mean of the target as the most relevant features are flipped one step after the other',
  formula: 'mean over k > 0 of f(x without its k highest features)',
  citation: 'Bach et al.: On Pixel-Wise Explanations, PLoS ONE 2015',
  options: {
    ...curveOptions({ fill: 'zeros', link: 'target', steps: '50' }),
    area: { ...areaOption, default: 'mean' } as typeof areaOption,
  },
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator, maps }, options, seed) {
    const { x, y } = await curveOf(evaluator!, maps, options, seed, 'off')
    const first = x[0] === 0 ? 1 : 0
    const curve = { x: x.slice(first), y: y.slice(first) }
    return { value: areaOf(curve, options['area']), curve }
  },
}
