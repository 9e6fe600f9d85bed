/** @file region-perturbation: how far the target falls, on average, while regions go. */
import type { Metric } from '../metric.js'
import { curveOf, curveOptions } from './curve.js'
import { regionsOption } from './features.js'
import { linkReader, outputsAtInput } from './reading.js'

/**
 * AOPC = mean over k = 0 .. L of f(x) - f(x with k regions at the fill), regions by the sum of their values, highest first (`morf`) or
 * lowest (`lerf`). The curve holds f(x) - f(x_k). Peers: Quantus has the curve without its first point, and no mean.
 */
export const regionPerturbation: Metric = {
  name: 'region-perturbation',
  aliases: ['aopc'],
  summary: 'mean fall of the target while the most relevant regions are removed',
  formula: 'mean over k of f(x) - f(x without its k highest regions)',
  citation: 'Samek et al.: Evaluating the Visualization of What a Deep Neural Network Has Learned, TNNLS 2017',
  options: {
    ...curveOptions({ fill: 'zeros', link: 'target', steps: 'each:1' }),
    segments: regionsOption('regions'),
    order: { kind: 'choice', default: 'morf', values: ['morf', 'lerf'], describe: 'most or least relevant first' },
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const direction = options['order'] === 'morf' ? 'descending' : 'ascending'
    const { x, y } = await curveOf(evaluator!, maps, options, seed, 'off', direction)
    const whole = linkReader(evaluator!, options['link'])(outputsAtInput(evaluator!))
    const drops = y.map(value => whole - value)
    return { value: drops.reduce((sum, drop) => sum + drop, 0) / drops.length, curve: { x, y: drops } }
  },
}
