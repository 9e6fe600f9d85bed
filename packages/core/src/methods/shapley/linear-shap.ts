/** @file linear-shap: Shapley values of a linear model in closed form, with features taken as independent or as correlated. */
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { Random } from '../../random.js'
import { backgroundRows } from '../../segments/background.js'
import { gameOptions } from '../../segments/game.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { correlatedValues } from './correlated-values.js'

/** Points, beside the input, at which the gradient must be the same. */
const probes = 3

/** Largest change of the gradient from point to point, as a share of its largest element, that float32 is excused for. */
const tolerance = 1e-4

/**
 * For f(x) = a + w . x, w is the gradient, and phi_i = w_i (x_i - E x_i), E the mean over the baseline's rows. With `correlated`, features
 * that are absent are imputed from those that are present by linear regression, mean and covariance taken from the
 * rows: phi is the Shapley value of v(S) = f(E[x | x_S]) under a normal distribution, averaged over all orders of the features where
 * `orders` allows (n! of them), else over that many drawn ones, each with its reverse. Features that are functions of each other share their effect.
 * Completeness is exact either way. That f is linear is checked: its gradient must be the same at the input, at the mean and
 * at random points around both.
 * Peers: shap's LinearExplainer (interventional, and correlation_dependent with nsamples 1000).
 * @throws UsageError where the target is not linear in what is explained (choose a logit), or has no rows to take correlations from
 */
export const linearShap: Method = {
  name: 'linear-shap',
  summary: 'Shapley values of a linear model in closed form, correlations of features taken into account if asked',
  formula: 'phi_i = w_i (x_i - E x_i); correlated: Shapley values of v(S) = f(E[x | x_S])',
  citation:
    'Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NeurIPS 2017 (corollary 1); Strumbelj, Kononenko 2014',
  options: {
    baseline: gameOptions.baseline,
    correlated: {
      kind: 'flag',
      default: false,
      describe: 'impute absent features from the present ones; the baseline must have rows',
    },
    orders: {
      kind: 'number',
      default: 1000,
      minimum: 2,
      maximum: 1_000_000,
      integer: true,
      describe: 'orders of features averaged, if correlated',
    },
  },
  needs: ['gradient', 'linear model'],
  promises: ['completeness', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 2, gradients: 1 + probes }),
  async run(evaluator, options, seed) {
    const rows = backgroundRows(evaluator, options['baseline'], seed)
    const mean = meanOf(evaluator, rows)
    const weights = await slope(evaluator, mean, seed)
    const baselineValue = (await evaluator.forward(mean, 1))[0]!
    if (!options['correlated']) {
      const worth = (name: string, i: number): number => weights[name]![i]! * (evaluator.inputs[name]!.data[i]! - mean[name]![i]!)
      return { maps: mapsOf(evaluator, worth), baselineValue }
    }
    if (rows.length < 2)
      throw new UsageError(
        'linear-shap: correlations need a baseline of several rows; give baseline=ROWS.npy, or correlated=false',
      )
    const joined = (points: Points): Float64Array => Float64Array.from(evaluator.at.flatMap(name => Array.from(points[name]!)))
    const worths = correlatedValues(joined(weights), joined(evaluator.point), rows.map(joined), options['orders'], seed)
    const starts: Record<string, number> = {}
    let start = 0
    for (const name of evaluator.at) {
      starts[name] = start
      start += evaluator.inputs[name]!.data.length
    }
    return { maps: mapsOf(evaluator, (name, i) => worths[starts[name]! + i]!), baselineValue }
  },
}

function meanOf(evaluator: Evaluator, rows: readonly Points[]): Points {
  const mean = (name: string): Float32Array =>
    Float32Array.from(evaluator.inputs[name]!.data, (_, i) => rows.reduce((sum, row) => sum + row[name]![i]!, 0) / rows.length)
  return Object.fromEntries(evaluator.at.map(name => [name, mean(name)]))
}

/** The gradient, which must be the same everywhere. */
async function slope(evaluator: Evaluator, mean: Points, seed: number): Promise<Points> {
  const points = Object.fromEntries(
    evaluator.at.map(name => {
      const { data } = evaluator.inputs[name]!
      const size = data.length
      const out = new Float32Array((1 + probes) * size)
      for (let probe = 0; probe <= probes; probe++) {
        const random = new Random(seed, probe)
        for (let i = 0; i < size; i++) {
          const reach = 3 * Math.max(1, Math.abs(data[i]!), Math.abs(mean[name]![i]!))
          const from = probe % 2 === 0 ? data[i]! : mean[name]![i]!
          out[probe * size + i] = probe < 2 ? from : from + reach * random.normal()
        }
      }
      return [name, out]
    }),
  )
  const { gradients } = await evaluator.gradient(points, 1 + probes)
  for (const name of evaluator.at) {
    const [found, size] = [gradients[name]!, evaluator.inputs[name]!.data.length]
    const largest = found.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    for (let i = size; i < found.length; i++)
      if (Math.abs(found[i]! - found[i % size]!) > tolerance * largest)
        throw new UsageError(
          `linear-shap: the target is not linear in "${name}": its gradient at element ${i % size} is ${found[i % size]!.toPrecision(4)} at the input and ${found[i]!.toPrecision(4)} elsewhere; explain a logit of a linear model, or use kernel-shap`,
        )
  }
  return Object.fromEntries(evaluator.at.map(name => [name, gradients[name]!.slice(0, evaluator.inputs[name]!.data.length)]))
}
