/** @file The level that improvement is measured from, and the normal distribution it is measured with. */
import { quantilesOf } from './selection.js'

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
export const incumbentOf = (mean: Float64Array, share: number): number => quantilesOf(mean, [share])[0]!

/** 1 / sqrt(2 pi) */
const peak = 1 / Math.sqrt(2 * Math.PI)

/** Density of the standard normal distribution. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) * peak

/** From here on the tail is 0. */
const last = 38
/** Knots per unit, and coefficients at each: what is left out is below 1e-17. */
const [knots, terms] = [16, 9] as const

/**
 * (1 - Phi(t)) exp(t^2 / 2) for t >= 0: by the series of Phi near 0 (Marsaglia, Journal of Statistical Software 2004), by the continued
 * fraction of the tail beyond 2.
 */
function scaledTail(t: number): number {
  if (t > 2) {
    let fraction = t
    for (let k = 400; k >= 1; k--) fraction = t + k / fraction
    return peak / fraction
  }
  let [sum, term] = [t, t]
  for (let k = 3; term > 1e-18 * sum; k += 2) {
    term *= (t * t) / k
    sum += term
  }
  return 0.5 * Math.exp(0.5 * t * t) - peak * sum
}

let table: Float64Array | undefined

/** Taylor coefficients of T = `scaledTail` at every knot: T' = t T - peak, and T^(n + 1) = t T^(n) + n T^(n - 1). */
function tailTable(): Float64Array {
  const found = new Float64Array((last * knots + 1) * terms)
  for (let knot = 0; knot <= last * knots; knot++) {
    const t = knot / knots
    const at = knot * terms
    found[at] = scaledTail(t)
    found[at + 1] = t * found[at]! - peak
    for (let n = 1; n + 1 < terms; n++) found[at + n + 1] = (t * found[at + n]! + found[at + n - 1]!) / (n + 1)
  }
  return found
}

/** Distribution function of the standard normal distribution, to 1e-15; its lower tail to 1e-14 of itself, 0 below -38. */
export function normalDistribution(z: number): number {
  const t = Math.abs(z)
  if (!(t < last)) return z > 0 ? 1 : z < 0 ? 0 : Number.NaN
  table ??= tailTable()
  const knot = Math.round(t * knots)
  const step = t - knot / knots
  const at = knot * terms
  let tail = table[at + terms - 1]!
  for (let n = terms - 2; n >= 0; n--) tail = tail * step + table[at + n]!
  tail *= Math.exp(-0.5 * t * t)
  return z > 0 ? 1 - tail : tail
}
