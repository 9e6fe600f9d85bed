/** @file Mean, spread and quantiles in double precision, and the smallest difference that a sample of this size can show. */
import { InputError } from '@ascribe/core'
import { quantileSorted, sampleStandardDeviation, mean as simpleMean } from 'simple-statistics'

/** (1/n) sum x_i, with compensated summation; NaN for no values. */
export const mean = (values: ArrayLike<number>): number => (values.length === 0 ? Number.NaN : simpleMean(Array.from(values)))

/** sqrt(sum (x_i - mean)^2 / (n - 1)); NaN for fewer than two values. */
export const standardDeviation = (values: ArrayLike<number>): number =>
  values.length < 2 ? Number.NaN : sampleStandardDeviation(Array.from(values))

/**
 * Quantile by linear interpolation between order statistics at (n - 1) p: type 7, numpy's default. NaN for no values.
 * @throws InputError where p is outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new InputError(`a quantile is between 0 and 1, not ${p}`)
  if (values.length === 0) return Number.NaN
  return quantileOfSorted(Float64Array.from(values).sort(), p)
}

/** The same of values that are sorted already. */
export const quantileOfSorted = (sorted: Float64Array, p: number): number => quantileSorted(sorted as unknown as number[], p)

/**
 * 2.8 s_d / sqrt(n): the true difference that a two-sided test at 5% finds with 80% power (1.96 + 0.84 standard errors).
 * `deviation` is the standard deviation of the per-image differences, or of the scores themselves against a fixed reference.
 */
export const detectableDifference = (deviation: number, n: number): number => (2.8 * deviation) / Math.sqrt(n)
