/** @file irof: the area over the curve of superpixels that are removed. */
import { UsageError } from '../../errors.js'
import type { Metric } from '../metric.js'
import { trapezoid } from './area.js'
import { curveOf, curveOptions } from './curve.js'
import { regionsOption } from './features.js'
import { linkReader, outputsAtInput } from './reading.js'

/**
 * 1 - the area over k / n of f(x_k) / f(x), superpixels by the mean of their values, at the mean of each channel of this picture: per
 * segment, so that pictures with more segments do not weigh more; `more.area` is n times that. Peers: Quantus fills with one mean of the
 * whole batch, taken anew from the perturbed picture, and its curve lacks the first point.
 */
export const irof: Metric = {
  name: 'irof',
  summary: 'area over the relative target as the most relevant superpixels are removed, per segment',
  formula: '1 - integral over k/n of f(x without its k highest superpixels) / f(x)',
  citation: 'Rieger, Hansen: IROF, 2020',
  options: {
    ...curveOptions({ fill: 'mean', link: 'softmax', steps: 'each:1' }),
    segments: regionsOption('auto'),
    score: {
      kind: 'choice',
      default: 'mean',
      values: ['sum', 'mean'],
      describe: "a segment's score from the values of its elements",
    },
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const whole = linkReader(evaluator!, options['link'])(outputsAtInput(evaluator!))
    if (!(whole > 0))
      throw new UsageError(`irof divides by the target at the input, which is ${whole}; use link=softmax, or deletion`)
    const { x, y } = await curveOf(evaluator!, maps, options, seed, 'off')
    const curve = { x, y: y.map(value => value / whole) }
    const value = 1 - trapezoid(curve)
    const smallest = x.find(share => share > 0) ?? 1
    return { value, curve, more: { segments: Math.round(1 / smallest), area: value / smallest } }
  },
}
