/** @file idg: integrated decision gradients, the path weighted by how fast the target rises along it. */
import type { Points } from '../../evaluator.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { baselinePoints } from './integrated-gradients.js'
import { linePoints, zeroSums } from './line.js'
import { type Quadrature, quadratures } from './quadrature.js'

/** Share of the points that is spread evenly, so that no part of the path is left out. */
const evenShare = 0.1

/**
 * Points where the target changes, from its values at evenly spaced positions 0 .. 1: the density in each interval is 0.9 times its share
 * of the total change plus 0.1, points lie at equal steps of the cumulated density, and weights are 1 over it.
 */
function adaptive(values: ArrayLike<number>, count: number): Quadrature {
  const intervals = values.length - 1
  const changes = Array.from({ length: intervals }, (_, j) => Math.abs(values[j + 1]! - values[j]!))
  const total = changes.reduce((a, b) => a + b, 0)
  const density = changes.map(change => evenShare + (1 - evenShare) * (total > 0 ? (change / total) * intervals : 1))
  const [positions, weights] = [new Float64Array(count), new Float64Array(count)]
  let [interval, before] = [0, 0]
  for (let k = 0; k < count; k++) {
    const wanted = ((k + 0.5) / count) * intervals
    while (interval < intervals - 1 && before + density[interval]! < wanted) before += density[interval++]!
    positions[k] = Math.min(1, (interval + (wanted - before) / density[interval]!) / intervals)
    weights[k] = 1 / (count * density[interval]!)
  }
  return { positions, weights }
}

/**
 * A_i = (x_i - b_i) * integral over a in [0, 1] of d f(p(a)) / d x_i * d f(p(a)) / d a, with p(a) = b + a (x - b): integrated gradients,
 * each part of the path weighted by the slope of f there, so that saturated parts count for nothing and falling ones against.
 * The slope is exact, the gradient times (x - b). Values sum to the integral of (d f / d a)^2, in squared units of f: not complete.
 * `rule=adaptive` first runs f at `points` even positions and puts the points where it changes; other rules are plain quadrature.
 * The authors' code takes slopes from differences between neighbouring points and averages without the step's length: its scale is
 * arbitrary and its slope lags by one point.
 */
export const idg: Method = {
  name: 'idg',
  aliases: ['integrated-decision-gradients'],
  summary: 'integrated gradients weighted by the slope of the target: where the decision is made',
  formula: 'A_i = (x_i - b_i) * integral_0^1 d f(p(a)) / d x_i * d f(p(a)) / d a da, p(a) = b + a (x - b)',
  citation: 'Walker, Jha, Chen, Ewetz: Integrated Decision Gradients, AAAI 2024',
  options: {
    points: { kind: 'number', default: 50, minimum: 1, maximum: 100_000, integer: true, describe: 'points on the path' },
    rule: {
      kind: 'choice',
      default: 'adaptive',
      values: ['adaptive', ...Object.keys(quadratures)],
      describe: 'where the target changes, or a quadrature rule',
    },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
  },
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: ({ points, rule }) => ({ forwards: rule === 'adaptive' ? 1 + points : 1, gradients: points }),
  async run(evaluator, options, seed) {
    const points: number = options['points']
    const from = baselinePoints(evaluator, options['baseline'], seed)
    const to = evaluator.point
    const rows = (position: (index: number) => number) => (start: number, used: number) =>
      linePoints(evaluator, used, row => ({ from, to, position: position(start + row) }))
    const fixed = quadratures[options['rule']]
    const values = new Float64Array(points + 1).fill(evaluator.value)
    if (!fixed)
      await evaluator.sweep(
        points,
        rows(k => k / points),
        (start, found) => values.set(found, start),
        'slopes',
      )
    const { positions, weights } = fixed ? fixed(points) : adaptive(values, points)
    const sum = zeroSums(evaluator)
    const slopeOf = (gradients: Points): number => {
      let slope = 0
      for (const name of evaluator.at) {
        const [gradient, x, b] = [gradients[name]!, to[name]!, from[name]!]
        for (let i = 0; i < x.length; i++) slope += gradient[i]! * (x[i]! - b[i]!)
      }
      return slope
    }
    await evaluator.gradients(
      points,
      rows(k => positions[k]!),
      (k, _, gradients) => {
        const weight = weights[k]! * slopeOf(gradients)
        for (const name of evaluator.at) {
          const [total, gradient] = [sum[name]!, gradients[name]!]
          for (let i = 0; i < total.length; i++) total[i]! += weight * gradient[i]!
        }
      },
      'points',
    )
    return { maps: mapsOf(evaluator, (name, i) => (to[name]![i]! - from[name]![i]!) * sum[name]![i]!) }
  },
}
