/** @file Shapley values of a game whose every coalition is known. */

/** C(n, k). */
export function binomial(n: number, k: number): number {
  let product = 1
  for (let i = 1; i <= Math.min(k, n - k); i++) product = (product * (n - i + 1)) / i
  return Math.round(product)
}

/** Coalition `bits` of at most 30 players as zeros and ones. */
export function writeBits(bits: number, players: number, present: Uint8Array): void {
  for (let player = 0; player < players; player++) present[player] = (bits >>> player) & 1
}

/**
 * phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S with i) - v(S)).
 * @param worths v of every coalition; bit i of the index says whether player i is in it
 */
export function shapleyValues(worths: Float64Array, players: number): Float64Array {
  const out = new Float64Array(players)
  const weights = Array.from({ length: players }, (_, size) => 1 / (players * binomial(players - 1, size)))
  const sizes = new Uint8Array(worths.length)
  for (let bits = 0; bits < worths.length; bits++) {
    if (bits > 0) sizes[bits] = sizes[bits >>> 1]! + (bits & 1)
    const weight = weights[sizes[bits]!]!
    for (let player = 0; player < players; player++)
      if (((bits >>> player) & 1) === 0) out[player]! += weight * (worths[bits | (1 << player)]! - worths[bits]!)
  }
  return out
}
