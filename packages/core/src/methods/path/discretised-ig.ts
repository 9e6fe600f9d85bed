/** @file discretised-ig: integrated gradients along paths that pass near real tokens' embeddings. */

import type { Method } from '../method.js'
import { discretisedPath, strategies } from './discretised-path.js'
import { embeddingTable, explainedVectors } from './embedding.js'
import { baselinePoints } from './integrated-gradients.js'

/** A relative residual above this is a warning. */
const tolerance = 0.05

/**
 * Every token moves from its embedding to its baseline in `points` steps. A step looks at the `neighbours` rows of the embedding table
 * nearest to the current point, takes each one's coordinates where they lie between the point and the baseline and an even share of the way
 * elsewhere, so that every coordinate moves one way; `greedy` takes the row that this changes least, `maxcount` the one that keeps most of its own
 * coordinates. With x^k these points, from baseline to input: A_ij = sum_k (g_ij(x^k) + g_ij(x^{k+1})) / 2 * (x^{k+1}_ij - x^k_ij), g the gradient.
 * The sum misses f(x) - f(b) by what f bends between one token and the next, which is reported and does not vanish with more steps, as tokens lie
 * no closer; `refine` takes gradients between them too, and then it does. The authors take the gradient at one end of each step, and search
 * the neighbours of the last row, not of the point.
 */
export const discretisedIg: Method = {
  name: 'discretised-ig',
  aliases: ['discretized-integrated-gradients', 'discretised-integrated-gradients', 'discretized-ig', 'dig'],
  summary: 'integrated gradients of tokens along paths that pass near real tokens',
  formula: 'A_ij = sum_k (g_ij(x^k) + g_ij(x^{k+1})) / 2 (x^{k+1}_ij - x^k_ij), x^k monotonic and near rows of the table',
  citation: 'Sanyal, Ren: Discretized Integrated Gradients for Explaining Language Models, EMNLP 2021',
  options: {
    points: { kind: 'number', default: 50, minimum: 1, maximum: 10_000, integer: true, describe: 'steps of the path' },
    strategy: { kind: 'choice', default: 'greedy', values: Object.keys(strategies), describe: 'how the next row is chosen' },
    refine: { kind: 'number', default: 1, minimum: 1, maximum: 1000, integer: true, describe: 'even parts of each step' },
    neighbours: { kind: 'number', default: 500, minimum: 1, integer: true, describe: 'rows looked at in each step' },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, token:ID (mask, pad, unknown), or an .npy file' },
  },
  needs: ['gradient', 'tokens'],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: ({ points, refine }) => ({ forwards: 2, gradients: points * refine + 1 }),
  async run(evaluator, options, seed) {
    const { name, dims, data, width, count } = explainedVectors(evaluator, 'discretised-ig')
    const table = embeddingTable(evaluator, 'discretised-ig', name)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const refine: number = options['refine']
    const steps: number = options['points'] * refine
    const vector = (values: Float32Array, token: number): Float64Array =>
      Float64Array.from(values.subarray(token * width, (token + 1) * width))
    const known = new Map<string, Float64Array[]>()
    const paths = Array.from({ length: count }, (_, token) => {
      const [from, to] = [vector(data, token), vector(baseline[name]!, token)]
      const key = `${from} ${to}`
      const path =
        known.get(key) ?? discretisedPath(table, from, to, options['points'], options['neighbours'], options['strategy'])
      known.set(key, path)
      return path.toReversed()
    })
    const point = (k: number): Float32Array => {
      const row = new Float32Array(data.length)
      const [step, part] = [Math.floor(k / refine), (k % refine) / refine]
      paths.forEach((path, token) => {
        const [from, to] = [path[step]!, path[step + 1] ?? path[step]!]
        for (let j = 0; j < width; j++) row[token * width + j] = from[j]! + part * (to[j]! - from[j]!)
      })
      return row
    }
    const sums = new Float64Array(data.length)
    const [baselineValue] = await evaluator.forward(baseline, 1)
    await evaluator.gradients(
      steps + 1,
      (start, used) => {
        const rows = new Float32Array(used * data.length)
        for (let row = 0; row < used; row++) rows.set(point(start + row), row * data.length)
        return { [name]: rows }
      },
      (k, _, gradients) => {
        const [before, after] = [point(Math.max(0, k - 1)), point(Math.min(steps, k + 1))]
        for (let i = 0; i < data.length; i++) sums[i]! += (gradients[name]![i]! * (after[i]! - before[i]!)) / 2
      },
      'points',
    )
    const total = sums.reduce((all, sum) => all + sum, 0)
    const change = evaluator.value - baselineValue!
    const missed = Math.abs(change - total) / Math.max(1e-12, Math.abs(change))
    if (missed > tolerance)
      evaluator.warnings.push(
        `discretised-ig: the values miss f(x) - f(baseline) by ${(100 * missed).toPrecision(3)}%; raise refine, or name another baseline token`,
      )
    return { maps: { [name]: { dims, values: Float32Array.from(sums) } }, baselineValue: baselineValue! }
  },
}
