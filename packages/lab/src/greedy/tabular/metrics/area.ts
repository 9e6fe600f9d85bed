/** @file The area below a curve over the share of columns. */

/** Trapezoid rule over k/n, for values at k = 0, 1, ..., n. */
export function areaOverColumns(values: ArrayLike<number>): number {
  const last = values.length - 1
  let sum = (values[0]! + values[last]!) / 2
  for (let k = 1; k < last; k++) sum += values[k]!
  return sum / last
}
