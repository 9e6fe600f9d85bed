/** @file completeness and non-sensitivity: what a map promises, measured. */
import { baselinePoints } from '../../methods/path/integrated-gradients.js'
import { regionsOption } from '../curves/features.js'
import { linkOption, linkReader, outputsAtInput, readRows } from '../curves/reading.js'
import type { Metric } from '../metric.js'
import { subsetGame, subsetOptions } from './subsets.js'

/**
 * |sum A - (f(x) - f(b))| / |f(x) - f(b)|, `more.residual` without the division. Peers: Quantus asks for equality of floats.
 */
export const completeness: Metric = {
  name: 'completeness',
  summary: 'how far the values miss the change of the target from the baseline, relative to it',
  formula: '|sum_i A_i - (f(x) - f(b))| / |f(x) - f(b)|',
  citation: 'Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017',
  options: {
    baseline: { kind: 'baseline', default: 'zeros', describe: 'the baseline that the map was made with' },
    link: linkOption('target'),
  },
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator, maps }, options, seed) {
    const read = linkReader(evaluator!, options['link'])
    const baseline = baselinePoints(evaluator!, options['baseline'], seed)
    const [low] = await readRows(evaluator!, 1, () => baseline, read, 'baseline')
    const change = read(outputsAtInput(evaluator!)) - low!
    let total = 0
    for (const { values } of Object.values(maps)) for (const value of values) total += value
    const residual = Math.abs(total - change)
    const more = { residual, total, change }
    return change === 0
      ? { value: Number.NaN, reason: 'the target is the same at the baseline', more }
      : { value: residual / Math.abs(change), more }
  },
}

/**
 * Share of features for which "attributed nothing" (|A| < epsilon) and "changes nothing" (|f(x) - f(x without it)| < epsilon) disagree;
 * `more.count` is their number. Peers: Quantus compares A itself, so that negative values count as nothing.
 */
export const nonSensitivity: Metric = {
  name: 'non-sensitivity',
  summary: 'share of features that are attributed something and change nothing, or the other way round',
  formula: 'mean over features of [|A_i| < eps] xor [|f(x) - f(x without i)| < eps]',
  citation: 'Nguyen, Martinez: On quantitative aspects of model interpretability, 2020',
  options: {
    ...subsetOptions,
    segments: regionsOption('regions'),
    epsilon: { kind: 'number', default: 1e-5, minimum: 0, describe: 'what counts as nothing' },
  },
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator, maps }, options, seed) {
    const { features, drops } = subsetGame(evaluator!, maps, options, seed)
    const found = await drops(features.count, k => [k])
    const nothing = (value: number): boolean => Math.abs(value) < options['epsilon']
    const count = found.reduce((sum, drop, k) => sum + (nothing(drop) === nothing(features.scores[k]!) ? 0 : 1), 0)
    return { value: count / features.count, more: { count, features: features.count } }
  },
}
