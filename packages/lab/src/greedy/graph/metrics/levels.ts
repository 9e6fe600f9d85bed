/** @file How many edges are kept or taken away: the levels of fidelity and of curves. */

/** Shares of the edges that an explanation leaves out: 50%, 55%, ... 95%. */
export const sparsities: readonly number[] = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100)

/** Shares of the edges that are kept along a curve: 0, 5%, ... 100%. */
export const keptShares: readonly number[] = Array.from({ length: 21 }, (_, i) => i / 20)

/** Edges of an explanation at a sparsity: at least one. */
export const explanationSize = (edges: number, sparsity: number): number => Math.max(1, Math.round((1 - sparsity) * edges))

/** A mask with 1 at the first `count` edges of an order, or with 0 there. */
export function maskOf(ranked: ArrayLike<number>, count: number, inside: 0 | 1): Float32Array {
  const mask = new Float32Array(ranked.length).fill(1 - inside)
  for (let i = 0; i < count; i++) mask[ranked[i]!] = inside
  return mask
}

/** Trapezoid rule over equal steps of [0, 1]. */
export function areaOver(values: ArrayLike<number>): number {
  const steps = values.length - 1
  let sum = (values[0]! + values[steps]!) / 2
  for (let i = 1; i < steps; i++) sum += values[i]!
  return sum / steps
}
