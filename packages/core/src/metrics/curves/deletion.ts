/** @file deletion: how the target falls as the most relevant features go. */
import type { Metric } from '../metric.js'
import { areaOf, areaOption } from './area.js'
import { curveOf, curveOptions } from './curve.js'

/**
 * y_k = f(x with the k most relevant features at the fill), k = 0 .. n inclusive at both ends; the value is the area over k / n by
 * trapezoids. Peers: RISE takes 224 pixels a step over zeros (steps=each:224, link=softmax); LATEC 50, Xplique steps=10, InterpretDL
 * percentiles with grey; their areas on the same curve are choices of `area`. Pixels lose all channels together.
 */
export const deletion: Metric = {
  name: 'deletion',
  summary: 'area under the target as the most relevant features are removed',
  formula: 'integral over k/n of f(x without its k highest features)',
  citation: 'Petsiuk, Das, Saenko: RISE, BMVC 2018; Samek et al., TNNLS 2017',
  options: { ...curveOptions({ fill: 'zeros', link: 'softmax', steps: '50' }), area: areaOption },
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator, maps }, options, seed) {
    const curve = await curveOf(evaluator!, maps, options, seed, 'off')
    return { value: areaOf(curve, options['area']), curve }
  },
}
