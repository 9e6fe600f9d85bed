/** @file softmax-auc: the probability of the target's class as features enter over the baseline. */
import type { Metric } from '../metric.js'
import { trapezoid } from './area.js'
import { curveOf, curveOptions } from './curve.js'

/**
 * y_k = softmax probability with the k most relevant features over the fill, at 21 points k / n = 0, 0.05 .. 1; the area over k / n by
 * trapezoids, with no running maximum. Our definition: the paper of Greedy PIG does not give one. Report it over `blur` and `zeros`.
 */
export const softmaxAuc: Metric = {
  name: 'softmax-auc',
  summary: "area under the class's probability as features enter over the baseline",
  formula: 'integral over k/n of softmax_C(fill with the k highest features of x)',
  citation: 'after Axiotis, Fahrbach et al.: Greedy PIG, 2023 (our definition)',
  options: curveOptions({ fill: 'zeros', link: 'softmax', steps: '20' }),
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const curve = await curveOf(evaluator!, maps, options, seed, 'on')
    return { value: trapezoid(curve), curve }
  },
}
