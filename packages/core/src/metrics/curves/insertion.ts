/** @file insertion: how the target rises as the most relevant features come back. */
import type { Metric } from '../metric.js'
import { areaOf, areaOption } from './area.js'
import { curveOf, curveOptions } from './curve.js'

/**
 * y_k = f(fill with the k most relevant features of x), k = 0 .. n inclusive at both ends; the value is the area over k / n by
 * trapezoids. Peers: RISE and LATEC start from a blur of 5 pixels (the default here), Xplique from zeros, InterpretDL from grey.
 */
export const insertion: Metric = {
  name: 'insertion',
  summary: 'area under the target as the most relevant features are put back',
  formula: 'integral over k/n of f(fill with the k highest features of x)',
  citation: 'Petsiuk, Das, Saenko: RISE, BMVC 2018',
  options: { ...curveOptions({ fill: 'blur:5', link: 'softmax', steps: '50' }), area: areaOption },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const curve = await curveOf(evaluator!, maps, options, seed, 'on')
    return { value: areaOf(curve, options['area']), curve }
  },
}
