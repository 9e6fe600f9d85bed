/** @file Welch's t-test and a permutation p-value. */
import { gammaln, mean, sampleVariance } from 'simple-statistics'

/**
 * Two-sided p-value of Welch's t-test that two samples have the same mean (Welch, 1947). Where neither sample varies it is 1 for
 * equal means and 0 for others.
 */
export function welchPValue(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [sampleVariance([...a]) / a.length, sampleVariance([...b]) / b.length]
  const difference = mean([...a]) - mean([...b])
  const variance = left + right
  if (variance === 0) return difference === 0 ? 1 : 0
  const freedom = variance ** 2 / (left ** 2 / (a.length - 1) + right ** 2 / (b.length - 1))
  // P(|T| > t) = I_x(freedom / 2, 1/2) with x = freedom / (freedom + t^2).
  return incompleteBeta(freedom / (freedom + difference ** 2 / variance), freedom / 2, 0.5)
}

/** Share of draws at least as far from 0 as the value, the value counted as a draw. */
export const permutationPValue = (value: number, draws: readonly number[]): number =>
  (1 + draws.filter(draw => Math.abs(draw) >= Math.abs(value)).length) / (1 + draws.length)

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (modified Lentz). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const scale = Math.exp(gammaln(a + b) - gammaln(a) - gammaln(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  const safe = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / safe(1 + term * d)
      c = safe(1 + term / c)
      change = c * d
      fraction *= change
    }
    if (Math.abs(change - 1) < 1e-15) break
  }
  return scale * fraction
}
