/** @file kl-auc: how far the prediction is from the full one as features enter over the baseline. */
import type { Metric } from '../metric.js'
import { trapezoid } from './area.js'
import { curveOptions, switchingCurve } from './curve.js'
import { divergences, logSoftmax } from './divergence.js'
import { featureOrder, scoredFeatures } from './features.js'
import { fillOf } from './fill.js'
import { outputsAtInput, targetRow } from './reading.js'
import { stepCounts } from './steps.js'

const { link: _, ...options } = curveOptions({ fill: 'zeros', link: 'softmax', steps: '20' })

/**
 * y_k = KL(p(x) || p(fill with the k most relevant features)) over all classes, in nats, at 21 points k / n = 0, 0.05 .. 1; the area
 * over k / n by trapezoids. `more.normalised` divides by y_0; `more.reverse` and `more.jensenShannon` are the areas of KL the other way
 * round and of the Jensen-Shannon divergence. Our definition: the paper of Greedy PIG does not give one.
 */
export const klAuc: Metric = {
  name: 'kl-auc',
  summary: 'area under the divergence from the full prediction as features enter over the baseline',
  formula: 'integral over k/n of KL(p(x) || p(fill with the k highest features of x))',
  citation: 'after Axiotis, Fahrbach et al.: Greedy PIG, 2023 (our definition)',
  options,
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator, maps }, settings, seed) {
    const features = scoredFeatures(evaluator!, maps, settings)
    const counts = stepCounts(settings['steps'], features.count)
    const { scores } = targetRow(evaluator!, 'kl-auc')
    const full = logSoftmax(scores(outputsAtInput(evaluator!)))
    const reverse = new Float64Array(counts.length)
    const jensenShannon = new Float64Array(counts.length)
    const order = featureOrder(features, 'descending')
    const plan = { features, order, towards: 'on', fill: fillOf(evaluator!, settings['fill'], seed), counts } as const
    const curve = await switchingCurve(evaluator!, plan, (outputs, row) => {
      const found = logSoftmax(scores(outputs))
      reverse[row] = divergences.reverseKl(full, found)
      jensenShannon[row] = divergences.jensenShannon(full, found)
      return divergences.kl(full, found)
    })
    const value = trapezoid(curve)
    return {
      value,
      curve,
      more: {
        start: curve.y[0]!,
        normalised: value / curve.y[0]!,
        reverse: trapezoid({ x: curve.x, y: reverse }),
        jensenShannon: trapezoid({ x: curve.x, y: jensenShannon }),
      },
    }
  },
}
