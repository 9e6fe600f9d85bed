/** @file The gradient of the last attention, integrated from a baseline to the input. */
import { backOne, fuseHeads } from '../../attention/flow.js'
import type { AttentionLayers } from '../../attention/layers.js'
import { sweepWeightGradients } from '../../attention/read.js'
import type { Baseline } from '../../baseline.js'
import type { Evaluator } from '../../evaluator.js'
import { baselinePoints } from '../integrated-gradients.js'
import { linePoints } from '../line.js'
import type { Options } from '../method.js'
import { quadratures } from '../quadrature.js'

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

/** start mean_h relu(integral_0^1 d f(b + a (x - b)) / d A_L da): one number per token. */
export async function integratedWeight(
  evaluator: Evaluator,
  { layers, tokens }: AttentionLayers,
  start: Float64Array,
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
  return backOne(
    start,
    fuseHeads(last.heads, tokens, 'mean', i => Math.max(0, sum[i]!)),
  )
}
