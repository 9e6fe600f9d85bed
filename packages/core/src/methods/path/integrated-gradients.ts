/** @file integrated-gradients: gradients averaged along the straight line from a baseline to the input. */
import { makeBaseline } from '../../baseline.js'
import type { Evaluator, Points, Sums } from '../../evaluator.js'
import { mapsOf } from '../maps.js'
import type { Method, MethodResult, Options } from '../method.js'
import { tokenPoints } from './embedding.js'
import { quadratures } from './quadrature.js'

/** Defaults of other libraries: points and rule. */
const variants: Readonly<Record<string, { readonly points: number; readonly rule: string } | undefined>> = {
  captum: { points: 50, rule: 'gauss-legendre' },
  pair: { points: 25, rule: 'pair' },
}

const pointsOf = (options: Options): { points: number; rule: string } =>
  variants[options['variant']] ?? { points: options['points'], rule: options['rule'] }

/** The baseline of every explained tensor; `token:ID` is that token's embedding in every place, for vectors looked up in a table. */
export function baselinePoints(evaluator: Evaluator, baseline: Options['baseline'], seed: number): Points {
  const token = typeof baseline === 'string' ? /^token:(\d+)$/.exec(baseline)?.[1] : undefined
  if (token !== undefined) return tokenPoints(evaluator, Number(token))
  return Object.fromEntries(
    Object.entries(evaluator.inputs).map(([name, input]) => [
      name,
      makeBaseline(baseline, name, input, seed, evaluator.pictureAxes(name)?.layout),
    ]),
  )
}

/**
 * A_i = (x_i - b_i) * integral over a in [0, 1] of d f(b + a (x - b)) / d x_i, by quadrature with `points` points.
 * Completeness: the values sum to f(x) - f(b) up to the quadrature's error, which is reported as the residual.
 * With `tolerance` the points are doubled, up to `maxPoints`, until the residual is below it (relative to |f(x) - f(b)|).
 * `multiply=false` leaves out the factor (x - b).
 */
export const integratedGradients: Method = {
  name: 'integrated-gradients',
  aliases: ['ig'],
  summary: 'gradients averaged from a baseline to the input; adds up to the change of the target',
  formula: 'A_i = (x_i - b_i) * integral_0^1 d f(b + a (x - b)) / d x_i da',
  citation: 'Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017',
  options: {
    points: { kind: 'number', default: 50, minimum: 1, maximum: 100_000, integer: true, describe: 'points on the path' },
    rule: { kind: 'choice', default: 'gauss-legendre', values: Object.keys(quadratures), describe: 'quadrature rule' },
    baseline: {
      kind: 'baseline',
      default: 'zeros',
      describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, token:ID, or an .npy file',
    },
    multiply: { kind: 'flag', default: true, describe: 'multiply by x - b' },
    tolerance: {
      kind: 'number',
      default: 0,
      minimum: 0,
      describe: 'double the points until the relative residual is below this (0: never)',
    },
    maxPoints: {
      kind: 'number',
      default: 800,
      minimum: 1,
      maximum: 1_000_000,
      integer: true,
      describe: 'most points that tolerance may use',
    },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', ...Object.keys(variants)],
      describe: "another library's points and rule",
    },
  },
  needs: ['gradient'],
  promises: ['completeness', 'sign', 'dummy', 'linearity'],
  signed: true,
  cost: options => ({ forwards: 2, gradients: pointsOf(options).points }),
  async run(evaluator, options, seed) {
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const { value } = evaluator
    const baselineValue = (await evaluator.forward(baseline, 1))[0]!
    const { rule } = pointsOf(options)
    let { points } = pointsOf(options)
    for (;;) {
      const { positions, weights } = quadratures[rule]!(points)
      const { sum } = await evaluator.path(baseline, positions, weights, 'points')
      const result = attribution(evaluator, baseline, sum, options['multiply'], baselineValue, points)
      if (options['tolerance'] === 0 || !options['multiply']) return result
      const total = Object.values(result.maps).reduce((all, { values }) => all + values.reduce((a, b) => a + b, 0), 0)
      const residual = Math.abs(value - baselineValue - total) / Math.max(1e-12, Math.abs(value - baselineValue))
      if (residual <= options['tolerance']) return result
      if (points * 2 > options['maxPoints']) {
        evaluator.warnings.push(
          `integrated gradients: relative residual ${residual.toPrecision(3)} is above the tolerance ${options['tolerance']} with ${points} points; raise maxPoints or try another baseline`,
        )
        return result
      }
      points *= 2
    }
  },
  path: options => {
    const { points, rule } = pointsOf(options)
    return {
      ...quadratures[rule]!(points),
      multiply: options['multiply'] ? 'difference' : 'nothing',
      baseline: options['baseline'],
      adaptive: options['tolerance'] > 0 && options['multiply'],
    }
  },
}

function attribution(
  evaluator: Evaluator,
  baseline: Points,
  sum: Sums,
  multiply: boolean,
  baselineValue: number,
  points: number,
): MethodResult {
  const maps = mapsOf(evaluator, (name, i) => {
    const slope = sum[name]![i]!
    return multiply ? (evaluator.inputs[name]!.data[i]! - baseline[name]![i]!) * slope : slope
  })
  return multiply ? { maps, baselineValue, settled: { points } } : { maps, settled: { points } }
}
