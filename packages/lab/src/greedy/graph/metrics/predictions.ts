/** @file Predictions from logits, and how far two of them are apart, in double precision. */

/** z - logsumexp(z) of `count` logits from `start`. */
export function logSoftmax(logits: ArrayLike<number>, start: number, count: number): Float64Array {
  let top = -Infinity
  for (let i = 0; i < count; i++) top = Math.max(top, logits[start + i]!)
  let sum = 0
  for (let i = 0; i < count; i++) sum += Math.exp(logits[start + i]! - top)
  const shift = top + Math.log(sum)
  return Float64Array.from({ length: count }, (_, i) => logits[start + i]! - shift)
}

/** KL(p || q) in nats, from log probabilities. */
export function divergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!)
  return Math.max(0, sum)
}

/** Jensen-Shannon divergence in nats, from log probabilities. */
export function jensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const mixed = Float64Array.from(p, (value, i) => Math.log((Math.exp(value) + Math.exp(q[i]!)) / 2))
  return (divergence(p, mixed) + divergence(q, mixed)) / 2
}
