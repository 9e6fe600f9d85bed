/** @file deeplift-shap: DeepLIFT averaged over a set of baselines. */
import type { Points } from '../../evaluator.js'
import { backgroundOf, backgroundSize } from '../background.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { zeroSums } from '../path/line.js'
import { deepliftOptions, deepliftRuleSets } from './deeplift.js'

/**
 * A_i = mean over k of (x_i - b_ki) m_ki: the maps of deeplift, averaged over baselines b_k. Baselines are rows that are given ([rows, ...] in
 * a file or tensor), `samples` fresh draws (`uniform`, the default; draw k depends on the seed and k only), or a single one by name.
 * Completeness: the values sum to f(x) minus the mean of f over the baselines. Sums over baselines are in double precision.
 * Peers: Captum's DeepLiftShap and shap's DeepExplainer, both of which want the baselines given. For a linear model these are its exact
 * Shapley values; elsewhere an approximation, as the rules of deeplift are.
 */
export const deepliftShap: Method = {
  name: 'deeplift-shap',
  aliases: ['deep-lift-shap', 'deep-shap'],
  summary: 'DeepLIFT averaged over many baselines',
  formula: 'A_i = mean over k of (x_i - b_ki) m_ki, with the multipliers of deeplift between x and b_k',
  citation: 'Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NeurIPS 2017; Shrikumar et al., ICML 2017',
  options: {
    samples: {
      kind: 'number',
      default: 20,
      minimum: 1,
      maximum: 1_000_000,
      integer: true,
      describe: 'draws of a random baseline',
    },
    baseline: {
      kind: 'baseline',
      default: 'uniform',
      describe: 'an .npy file of rows, uniform (fresh noise each), or one: zeros, constant:V, mean, blur:SIGMA',
    },
    ...deepliftOptions,
  },
  needs: ['gradient'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: ({ baseline, samples }) => {
    const count = backgroundSize(baseline, samples)
    return { forwards: 1 + count, gradients: count }
  },
  async run(evaluator, options, seed) {
    const background = backgroundOf(evaluator, options['baseline'], options['samples'], seed)
    const { count } = background
    const multiply: boolean = options['multiply']
    const sum = zeroSums(evaluator)
    const { point } = evaluator
    const repeated = (row: (index: number) => Points, start: number, used: number): Points =>
      Object.fromEntries(
        Object.entries(point).map(([name, { length }]) => {
          const rows = new Float32Array(used * length)
          for (let k = 0; k < used; k++) rows.set(row(start + k)[name]!, k * length)
          return [name, rows]
        }),
      )
    let baselineSum = 0
    await evaluator.withRules(deepliftRuleSets[options['rule']]!).pairs(
      count,
      (start, used) => ({ inputs: repeated(() => point, start, used), baselines: repeated(background.row, start, used) }),
      (k, _, baselineValue, multipliers) => {
        baselineSum += baselineValue
        const from = background.row(k)
        for (const [name, total] of Object.entries(sum)) {
          const [x, b, m] = [point[name]!, from[name]!, multipliers[name]!]
          for (let i = 0; i < total.length; i++) total[i]! += multiply ? (x[i]! - b[i]!) * m[i]! : m[i]!
        }
      },
      'baselines',
    )
    const maps = mapsOf(evaluator, (name, i) => sum[name]![i]! / count)
    return multiply ? { maps, baselineValue: baselineSum / count } : { maps }
  },
}
