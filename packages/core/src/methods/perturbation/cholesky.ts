/** @file Symmetric positive definite systems, in double precision. */

/**
 * Factors a symmetric positive definite matrix (row-major, `size` x `size`, the lower half is read) as L L^T and gives a function that
 * solves A x = b. Undefined where a pivot falls below 1e-12 of its diagonal: the matrix is singular to working precision.
 */
export function cholesky(matrix: Float64Array, size: number): ((right: ArrayLike<number>) => Float64Array) | undefined {
  const lower = Float64Array.from(matrix)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!
      else if (sum > 1e-12 * matrix[i * size + i]!) lower[i * size + i] = Math.sqrt(sum)
      else return undefined
    }
  return right => {
    const x = Float64Array.from({ length: size }, (_, i) => right[i]!)
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < i; k++) x[i]! -= lower[i * size + k]! * x[k]!
      x[i]! /= lower[i * size + i]!
    }
    for (let i = size - 1; i >= 0; i--) {
      for (let k = i + 1; k < size; k++) x[i]! -= lower[k * size + i]! * x[k]!
      x[i]! /= lower[i * size + i]!
    }
    return x
  }
}
