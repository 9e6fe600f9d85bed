/** @file Quadrature on [0, 1]: where integrated gradients are evaluated, and with which weights. */

export interface Quadrature {
  readonly positions: Float64Array
  readonly weights: Float64Array
}

const even = (count: number, position: (k: number) => number, weight: (k: number) => number): Quadrature => ({
  positions: Float64Array.from({ length: count }, (_, k) => position(k)),
  weights: Float64Array.from({ length: count }, (_, k) => weight(k)),
})

/** Gauss-Legendre: exact for polynomials of degree 2n - 1. Nodes by Newton's method on the Legendre polynomial. */
function gaussLegendre(count: number): Quadrature {
  const positions = new Float64Array(count)
  const weights = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5))
    let slope = 0
    for (let round = 0; round < 100; round++) {
      let [before, value] = [0, 1]
      for (let degree = 0; degree < count; degree++)
        [before, value] = [value, ((2 * degree + 1) * x * value - degree * before) / (degree + 1)]
      slope = (count * (x * value - before)) / (x * x - 1)
      const step = value / slope
      x -= step
      if (Math.abs(step) < 1e-15) break
    }
    // Roots come in descending order; the interval is mapped from [-1, 1] to [0, 1].
    positions[count - 1 - i] = (x + 1) / 2
    weights[count - 1 - i] = 1 / ((1 - x * x) * slope * slope)
  }
  return { positions, weights }
}

/** Rules by name; each takes the number of points. */
export const quadratures: Readonly<Record<string, (count: number) => Quadrature>> = {
  'gauss-legendre': gaussLegendre,
  left: count =>
    even(
      count,
      k => k / count,
      () => 1 / count,
    ),
  right: count =>
    even(
      count,
      k => (k + 1) / count,
      () => 1 / count,
    ),
  middle: count =>
    even(
      count,
      k => (k + 0.5) / count,
      () => 1 / count,
    ),
  trapezoid: count =>
    count === 1
      ? even(
          1,
          () => 0.5,
          () => 1,
        )
      : even(
          count,
          k => k / (count - 1),
          k => (k === 0 || k === count - 1 ? 0.5 : 1) / (count - 1),
        ),
  // The weights of the trapezoid as Captum computes them: they sum to (n - 1) / n.
  'captum-trapezoid': count =>
    even(
      count,
      k => (count === 1 ? 0 : k / (count - 1)),
      k => (k === 0 || k === count - 1 ? 0.5 : 1) / count,
    ),
  // Both ends with full weight, as PAIR's saliency library does: biased towards the ends by O(1/n).
  pair: count =>
    even(
      count,
      k => (count === 1 ? 0 : k / (count - 1)),
      () => 1 / count,
    ),
}
