/** @file convex: the mean with a weight for every member. */
import { UsageError } from '../../errors.js'
import type { Scheme } from '../scheme.js'

/** Reads `0.5/0.3/0.2`. */
function weightsOf(text: string, count: number): number[] {
  if (text === 'equal') return Array(count).fill(1 / count)
  const weights = text.split('/').map(Number)
  if (weights.length !== count || weights.some(weight => !(weight >= 0)) || weights.every(weight => weight === 0))
    throw new UsageError(
      `convex: weights "${text}" must be ${count} numbers of at least 0, one for each member, as in weights=${Array(count).fill(1).join('/')}`,
    )
  const sum = weights.reduce((all, weight) => all + weight, 0)
  return weights.map(weight => weight / sum)
}

export const convex: Scheme = {
  name: 'convex',
  summary: 'the mean with given weights: those that are most faithful or most robust are found by a quadratic programme',
  formula: 'sum_m w_m v_m, w_m >= 0, sum w = 1',
  citation: 'Decker et al.: Provably Better Explanations with Optimized Aggregation of Feature Attributions, ICML 2024',
  options: {
    weights: {
      kind: 'text',
      default: 'equal',
      describe: 'one weight for each member, as 0.5/0.3/0.2 (divided by their sum), or equal',
    },
  },
  combine: (members, { weights }) => {
    const shares = weightsOf(weights, members.length)
    const out = new Float64Array(members[0]!.length)
    members.forEach((member, m) => {
      for (let i = 0; i < out.length; i++) out[i]! += shares[m]! * member[i]!
    })
    return out
  },
}
