/** @file Correlations of two columns, in double precision. NaN where one of them does not vary. */
import { averageRanks } from './order.js'

type Correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => number

const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Sum of products over the root of the product of the sums of squares. NaN where one is all zeros. */
export const cosine: Correlation = (a, b) => {
  let [product, left, right] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!
    left += a[i]! * a[i]!
    right += b[i]! * b[i]!
  }
  const size = Math.sqrt(left) * Math.sqrt(right)
  return size > 0 ? Math.max(-1, Math.min(1, product / size)) : Number.NaN
}

const varies = (values: ArrayLike<number>): boolean => {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return true
  return false
}

/** Product-moment correlation. */
export const pearson: Correlation = (a, b) => {
  if (!varies(a) || !varies(b)) return Number.NaN
  const [left, right] = [mean(a), mean(b)]
  return cosine(
    Float64Array.from(a, value => value - left),
    Float64Array.from(b, value => value - right),
  )
}

/** Pearson correlation of ranks; equal values share the mean of their ranks. */
export const spearman: Correlation = (a, b) => pearson(averageRanks(a), averageRanks(b))

export const correlations: Readonly<Record<string, Correlation>> = { pearson, spearman }
