/** @file Divergences of two predictions, in nats, from logits through log-softmax. */
import { logSumExp } from '../log-sum-exp.js'

/** log softmax in double precision. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const total = logSumExp(logits)
  return Float64Array.from(logits, logit => logit - total)
}

/** sum_j exp(p_j) (p_j - q_j) of log probabilities; a class of probability zero adds nothing. */
const relativeEntropy = (p: Float64Array, q: Float64Array): number =>
  p.reduce((sum, log, j) => sum + (log === Number.NEGATIVE_INFINITY ? 0 : Math.exp(log) * (log - q[j]!)), 0)

/** Of log probabilities p (the full prediction) and q (the one compared with it). */
export const divergences = {
  kl: relativeEntropy,
  reverseKl: (p: Float64Array, q: Float64Array): number => relativeEntropy(q, p),
  jensenShannon: (p: Float64Array, q: Float64Array): number => {
    const middle = p.map((log, j) => logSumExp([log, q[j]!]) - Math.LN2)
    return (relativeEntropy(p, middle) + relativeEntropy(q, middle)) / 2
  },
} as const
