/** @file Weighted linear regression with an intercept, under a penalty, in double precision. */
import { cholesky } from './cholesky.js'

/** Rows of zeros and ones, row-major, with a value and a weight each. */
export interface WeightedRows {
  readonly columns: number
  readonly members: Uint8Array
  readonly values: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

/** Z^T W Z and Z^T W y of columns and values centred by their weighted means: the intercept is free of any penalty. */
function moments({ columns, members, values, weights }: WeightedRows) {
  const gram = new Float64Array(columns * columns)
  const right = new Float64Array(columns)
  const means = new Float64Array(columns)
  const present = new Uint32Array(columns)
  let [total, mean] = [0, 0]
  for (let k = 0; k < values.length; k++) {
    const weight = weights[k]!
    let size = 0
    for (let i = 0; i < columns; i++) if (members[k * columns + i] === 1) present[size++] = i
    total += weight
    mean += weight * values[k]!
    for (let a = 0; a < size; a++) {
      const i = present[a]!
      right[i]! += weight * values[k]!
      means[i]! += weight
      for (let b = 0; b <= a; b++) gram[i * columns + present[b]!]! += weight
    }
  }
  for (let i = 0; i < columns; i++) {
    right[i]! -= (means[i]! * mean) / total
    for (let j = 0; j <= i; j++) gram[j * columns + i] = gram[i * columns + j]! -= (means[i]! * means[j]!) / total
  }
  return { gram, right, total }
}

type Fit = (rows: WeightedRows, alpha: number) => Float64Array | undefined

/** min_w sum_k weight_k (y_k - a - z_k . w)^2 + alpha |w|^2. Undefined where alpha is 0 and the columns depend on each other. */
const ridge: Fit = (rows, alpha) => {
  const { gram, right } = moments(rows)
  for (let i = 0; i < rows.columns; i++) gram[i * rows.columns + i]! += alpha
  return cholesky(gram, rows.columns)?.(right)
}

const mostRounds = 10_000

/**
 * min_w sum_k weight_k (y_k - a - z_k . w)^2 / (2 n) + alpha |w|_1, the weights scaled to sum to n (as scikit-learn does), by cyclic
 * coordinate descent until no coefficient moves by more than 1e-10 of the largest. Undefined where it does not settle.
 */
const lasso: Fit = (rows, alpha) => {
  const { columns } = rows
  const { gram, right, total } = moments(rows)
  const out = new Float64Array(columns)
  const gradient = Float64Array.from(right)
  const threshold = alpha * total
  for (let round = 0; round < mostRounds; round++) {
    let [moved, largest] = [0, 0]
    for (let i = 0; i < columns; i++) {
      const scale = gram[i * columns + i]!
      const free = gradient[i]! + scale * out[i]!
      const next = scale > 0 ? (Math.max(0, free - threshold) - Math.max(0, -free - threshold)) / scale : 0
      const change = next - out[i]!
      if (change !== 0) for (let j = 0; j < columns; j++) gradient[j]! -= change * gram[i * columns + j]!
      out[i] = next
      moved = Math.max(moved, Math.abs(change))
      largest = Math.max(largest, Math.abs(next))
    }
    if (moved <= 1e-10 * largest) return out
  }
  return undefined
}

export const linearFits: Readonly<Record<string, Fit>> = { ridge, lasso }
