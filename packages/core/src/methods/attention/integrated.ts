/** @file The gradient of the last attention, integrated from a baseline to the input. */
import { fuseHeads } from '../../attention/flow.js'
import type { AttentionLayers } from '../../attention/layers.js'
import { sweepWeightGradients } from '../../attention/read.js'
import type { Baseline } from '../../baseline.js'
import type { Evaluator } from '../../evaluator.js'
import type { Options } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import { linePoints } from '../path/line.js'
import { quadratures } from '../path/quadrature.js'

/** Options of the integral. */
export const integralOptions = {
  points: {
    kind: 'number',
    default: 20,
    minimum: 1,
    maximum: 100_000,
    integer: true,
    describe: 'points at which the gradient of the last attention is integrated',
  },
  rule: {
    kind: 'choice',
    default: 'gauss-legendre',
    values: Object.keys(quadratures),
    describe: 'quadrature rule (pair: evenly spaced with both ends and equal weights, as peers do)',
  },
  baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
} as const

/** mean_h relu(integral_0^1 d f(b + a (x - b)) / d A_L da), [queries, keys]. */
export async function integratedWeight(
  evaluator: Evaluator,
  { layers, tokens }: AttentionLayers,
  options: Options,
  seed: number,
): Promise<Float64Array> {
  const last = layers.at(-1)!
  const [from, to] = [baselinePoints(evaluator, options['baseline'] as Baseline, seed), evaluator.point]
  const { positions, weights } = quadratures[options['rule']]!(options['points'])
  const sum = new Float64Array(last.heads * tokens * tokens)
  await sweepWeightGradients(
    evaluator,
    [last],
    positions.length,
    (first, used) => linePoints(evaluator, used, row => ({ from, to, position: positions[first + row]! })),
    (row, [part]) => {
      for (let i = 0; i < sum.length; i++) sum[i]! += weights[row]! * part!.gradient[i]!
    },
    'points',
  )
  return fuseHeads(last.heads, tokens, 'mean', i => Math.max(0, sum[i]!))
}

/** sum_q start_q rows(q)_j weight_qj: what each row says, times its own weights. `rows` takes a row that is 1 at q alone. */
export function weighted(start: Float64Array, weight: Float64Array, rows: (query: Float64Array) => Float64Array): Float64Array {
  const out = new Float64Array(start.length)
  start.forEach((share, q) => {
    if (share === 0) return
    const query = new Float64Array(start.length)
    query[q] = 1
    rows(query).forEach((value, j) => {
      out[j]! += share * value * weight[q * start.length + j]!
    })
  })
  return out
}
