/** @file The level that improvement is measured from, and the normal distribution it is measured with. */
import { sortedQuantile } from '../metrics/order.js'

/** Options of schemes that measure improvement on an incumbent. */
export const incumbentOptions = {
  incumbent: {
    kind: 'number',
    default: 0.9,
    minimum: 0,
    maximum: 1,
    describe: 'the level to improve on: this quantile of the mean over the places (our choice)',
  },
  xi: { kind: 'number', default: 0, describe: 'what an improvement must exceed the level by' },
} as const

/** f*: the quantile of the mean map. */
export const incumbentOf = (mean: Float64Array, share: number): number => sortedQuantile(mean.slice().sort(), share)

/** Density of the standard normal distribution. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)

/**
 * Distribution function of the standard normal distribution, to 1e-15: by its series near 0 (Marsaglia, Journal of Statistical Software
 * 2004), by the continued fraction of its tail beyond 5.
 */
export function normalDistribution(z: number): number {
  if (z > 5) return 1 - normalDistribution(-z)
  if (z < -5) {
    if (z < -38) return 0
    let fraction = -z
    for (let k = 60; k >= 1; k--) fraction = -z + k / fraction
    return normalDensity(z) / fraction
  }
  let [sum, term] = [z, z]
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + sum * normalDensity(z)
}
