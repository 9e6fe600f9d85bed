/** @file Random orders and samples of 0..n-1, by Fisher and Yates; everything is decided by the generator that is given. */

interface Draws {
  /** Uniform whole number in [0, limit). */
  integer(limit: number): number
}

/** All of 0..total-1 in random order. */
export function shuffled(total: number, random: Draws): Uint32Array {
  const order = Uint32Array.from({ length: total }, (_, i) => i)
  for (let i = total - 1; i > 0; i--) swap(order, i, random.integer(i + 1))
  return order
}

/** `wanted` different ones of 0..count-1, all where there are fewer, in random order; a smaller sample is the start of a larger one. */
export function sampled(count: number, wanted: number, random: Draws): number[] {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const taken = Math.min(count, wanted)
  for (let i = 0; i < taken; i++) swap(order, i, i + random.integer(count - i))
  return [...order.subarray(0, taken)]
}

function swap(order: Uint32Array, i: number, j: number): void {
  const held = order[i]!
  order[i] = order[j]!
  order[j] = held
}
