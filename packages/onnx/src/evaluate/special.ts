/** @file Functions that Math lacks, in full double precision. */

/**
 * The error function 2/sqrt(pi) integral_0^x exp(-t^2) dt. Below 2.5 the series exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, whose
 * terms are all of one sign; above, one minus the continued fraction of erfc. Source: Abramowitz and Stegun 7.1.6, 7.1.14.
 */
export function erf(x: number): number {
  const z = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (z > 6) return Math.sign(x)
  if (z >= 2.5) return Math.sign(x) * (1 - erfcFraction(z))
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc(x) = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), evaluated from the far end. */
function erfcFraction(x: number): number {
  let tail = x
  for (let k = 60; k >= 1; k--) tail = x + k / 2 / tail
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** To the nearest integer, ties to even. */
export function roundEven(x: number): number {
  const rounded = Math.round(x)
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}

export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2))

export const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

export const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)
