/** @file Matrices of tokens [queries, keys], row-major: heads made one, rows normalised, relevance followed back through layers. */

/** How heads are made one. */
export const fusions = {
  mean: (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length,
  max: (values: Float64Array) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  min: (values: Float64Array) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
} as const

export type Fusion = keyof typeof fusions

/** One matrix from `heads` of them, laid out one after the other; `value(index)` is an element of [heads, tokens, tokens]. */
export function fuseHeads(heads: number, tokens: number, how: Fusion, value: (index: number) => number): Float64Array {
  const [size, each] = [tokens * tokens, new Float64Array(heads)]
  return Float64Array.from({ length: size }, (_, i) => {
    for (let head = 0; head < heads; head++) each[head] = value(head * size + i)
    return fusions[how](each)
  })
}

/** mean over heads of max(0, x_h y_h). */
export const positiveProducts = (heads: number, tokens: number, x: Float32Array, y: Float32Array): Float64Array =>
  fuseHeads(heads, tokens, 'mean', i => Math.max(0, x[i]! * y[i]!))

/** (M + I), in place. */
export function plusIdentity(matrix: Float64Array, tokens: number): Float64Array {
  for (let i = 0; i < tokens; i++) matrix[i * tokens + i]! += 1
  return matrix
}

/** Every row divided by its sum, in place; a row that adds up to nothing becomes the identity's: its token stays itself. */
export function normaliseRows(matrix: Float64Array, tokens: number): Float64Array {
  for (let i = 0; i < tokens; i++) {
    const row = matrix.subarray(i * tokens, (i + 1) * tokens)
    const sum = row.reduce((total, value) => total + value, 0)
    if (sum === 0) row[i] = 1
    else for (let j = 0; j < tokens; j++) row[j]! /= sum
  }
  return matrix
}

/** Zeros in place of the smallest `share` of all elements, in place; of equal ones the first go. */
export function discardLowest(matrix: Float64Array, share: number): Float64Array {
  const order = Array.from(matrix.keys()).sort((a, b) => matrix[a]! - matrix[b]! || a - b)
  for (const index of order.slice(0, Math.floor(share * matrix.length))) matrix[index] = 0
  return matrix
}

/** row M: what a weighting of queries says of keys. */
export function backOne(row: Float64Array, matrix: ArrayLike<number>, offset = 0): Float64Array {
  const tokens = row.length
  const out = new Float64Array(tokens)
  for (let i = 0; i < tokens; i++) {
    const weight = row[i]!
    if (weight !== 0) for (let j = 0; j < tokens; j++) out[j]! += weight * matrix[offset + i * tokens + j]!
  }
  return out
}

/** start M_L ... M_2 M_1 for matrices in order from the input to the output: one row of the rollout, without the rest of it. */
export const rollBack = (start: Float64Array, matrices: readonly Float64Array[]): Float64Array =>
  matrices.reduceRight((row, matrix) => backOne(row, matrix), start)
