/** @file monotonicity: features added from the least to the most important never lower the target. */

import { curveOf, curveOptions } from '../curves/curve.js'
import type { Metric } from '../metric.js'

/**
 * From the fill, features of the input are added in ascending order; the value is the share of steps at which the target does not fall,
 * `more.monotone` is 1 where none does. Peers: Quantus never adds the input's features (its baseline replaces a baseline), so that its
 * result is always true; AIX360 has the second number.
 */
export const monotonicity: Metric = {
  name: 'monotonicity',
  summary: 'share of steps that do not lower the target as features are added, least important first',
  formula: 'mean over k of [f(fill with the k + 1 lowest features) >= f(fill with the k lowest)]',
  citation: 'Arya et al.: One Explanation Does Not Fit All, 2019',
  options: { ...curveOptions({ fill: 'zeros', link: 'target', steps: '50' }) },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const curve = await curveOf(evaluator!, maps, options, seed, 'on', 'ascending')
    const { y } = curve
    const steps = y.length - 1
    const kept = y.slice(1).reduce((sum, value, k) => sum + (value >= y[k]! ? 1 : 0), 0)
    return { value: kept / steps, curve, more: { monotone: kept === steps ? 1 : 0 } }
  },
}
