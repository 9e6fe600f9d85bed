/** @file ts-saliency: integrated gradients of a black box, the gradient estimated from differences along random directions. */
import { relativeResidual } from '../../attribution.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { Random } from '../../random.js'
import { extent } from '../../tensor-value.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { baselinePoints } from './integrated-gradients.js'
import { zeroSums } from './line.js'
import { quadratures } from './quadrature.js'

/** A relative residual above this is a warning. */
const tolerance = 0.1

/** A direction, uniform on the unit sphere of all explained values together: that of draw `k`. */
function direction(evaluator: Evaluator, seed: number, k: number): Record<string, Float64Array> {
  const random = new Random(seed, k)
  const drawn = zeroSums(evaluator)
  let square = 0
  for (const values of Object.values(drawn))
    for (let i = 0; i < values.length; i++) {
      values[i] = random.normal()
      square += values[i]! ** 2
    }
  for (const values of Object.values(drawn)) for (let i = 0; i < values.length; i++) values[i]! /= Math.sqrt(square)
  return drawn
}

/**
 * A = (x - b) * (1/n) sum_k g(b + a_k (x - b)), a_k the middles of n equal parts of [0, 1], with the gradient at z estimated from m
 * directions u_j, uniform on the unit sphere of all d explained values: g(z) = (1/m) sum_j d (f(z + h u_j) - f(z - h u_j)) / (2 h) u_j.
 * h is `step` times the input's range times sqrt(d), so that each value moves by about `step` of the range. Only f is asked for, never
 * a gradient, so it explains models that have none (trees, steps, unknown operators); steps of f show where h is wide enough to meet
 * them. Directions are drawn anew at each point, from seed and number only.
 *
 * The expectation is integrated gradients of f smoothed over a ball of radius h: of f itself where f is at most quadratic. One draw's
 * relative error is about sqrt(d / (n m)): for series and tables; pictures need superpixels (kernel-shap) instead. What the values miss
 * of f(x) - f(b) is the residual. By default the baseline is each channel's mean over time.
 *
 * Peers: AIX360's TSSaliency, with differences to one side (twice the noise on curved f), h = 0.01 whatever the scale of the input, and n
 * points that each weigh 1 / (n - 1), which makes every value n / (n - 1) times too large.
 */
export const tsSaliency: Method = {
  name: 'ts-saliency',
  aliases: ['zeroth-order-ig', 'time-series-saliency'],
  summary: 'integrated gradients without a gradient: of time series under any model, from differences along random directions',
  formula:
    'A_i = (x_i - b_i) mean_k mean_j d (f(z_k + h u_kj) - f(z_k - h u_kj)) / (2 h) u_kj,i, z_k = b + a_k (x - b), |u_kj| = 1',
  citation: 'Arya et al.: AI Explainability 360, JMLR 2020 (TSSaliency); estimator: Nesterov, Spokoiny 2017; Liu et al. 2018',
  options: {
    points: { kind: 'number', default: 50, minimum: 1, maximum: 100_000, integer: true, describe: 'points on the path' },
    directions: {
      kind: 'number',
      default: 25,
      minimum: 1,
      maximum: 100_000,
      integer: true,
      describe: 'directions at each point',
    },
    step: { kind: 'number', default: 0.01, minimum: 1e-6, describe: 'how far each value moves, as a share of max x - min x' },
    baseline: {
      kind: 'baseline',
      default: 'channel-mean',
      describe: 'channel-mean (of a series, over time), zeros, constant:V, mean, blur:SIGMA, uniform, token:ID, or an .npy file',
    },
  },
  needs: [],
  promises: ['linearity'],
  signed: true,
  cost: ({ points, directions }) => ({ forwards: 2 + 2 * points * directions, gradients: 0 }),
  async run(evaluator, options, seed) {
    const { points, directions, step } = options as unknown as { points: number; directions: number; step: number }
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const { positions } = quadratures['middle']!(points)
    const sizes = Object.entries(evaluator.inputs).map(([name, { data }]) => [name, data.length] as const)
    const count = sizes.reduce((sum, [, size]) => sum + size, 0)
    const ranges = Object.values(evaluator.inputs).map(({ data }) => extent(data))
    const range = Math.max(...ranges.map(([, high]) => high)) - Math.min(...ranges.map(([low]) => low))
    const radius = step * (range > 0 ? range : 1) * Math.sqrt(count)
    const sum = zeroSums(evaluator)
    const drawn = new Map<number, Record<string, Float64Array>>()
    const directionOf = (k: number): Record<string, Float64Array> => {
      let found = drawn.get(k)
      if (!found) drawn.set(k, (found = direction(evaluator, seed, k)))
      return found
    }
    const make = (start: number, used: number): Points => {
      const out = Object.fromEntries(sizes.map(([name, size]) => [name, new Float32Array(used * size)]))
      for (let row = 0; row < used; row++) {
        const k = Math.floor((start + row) / 2)
        const along = directionOf(k)
        const offset = (start + row) % 2 === 0 ? radius : -radius
        const position = positions[Math.floor(k / directions)]!
        for (const [name, size] of sizes) {
          const [to, u, x, b] = [out[name]!, along[name]!, evaluator.inputs[name]!.data, baseline[name]!]
          for (let i = 0; i < size; i++) to[row * size + i] = b[i]! + position * (x[i]! - b[i]!) + offset * u[i]!
        }
      }
      return out
    }
    let ahead = 0
    const use = (start: number, values: Float64Array): void => {
      values.forEach((value, row) => {
        if ((start + row) % 2 === 0) {
          ahead = value
          return
        }
        const k = (start + row - 1) / 2
        const slope = (count * (ahead - value)) / (2 * radius * points * directions)
        const along = directionOf(k)
        drawn.delete(k)
        for (const [name, size] of sizes) for (let i = 0; i < size; i++) sum[name]![i]! += slope * along[name]![i]!
      })
    }
    await evaluator.sweep(2 * points * directions, make, use, 'directions')
    const baselineValue = (await evaluator.forward(baseline, 1))[0]!
    const maps = mapsOf(evaluator, (name, i) => (evaluator.inputs[name]!.data[i]! - baseline[name]![i]!) * sum[name]![i]!)
    const total = Object.values(maps).reduce((all, { values }) => values.reduce((a, b) => a + b, all), 0)
    const { value } = evaluator
    const relative = relativeResidual({ value, baselineValue, residual: value - baselineValue - total })
    if (relative! > tolerance)
      evaluator.warnings.push(
        `ts-saliency: ${points * directions} directions over ${count} values miss f(x) - f(baseline) by ${(100 * relative!).toPrecision(3)}%; use more directions`,
      )
    return { maps, baselineValue }
  },
}
