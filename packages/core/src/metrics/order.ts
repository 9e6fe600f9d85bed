/** @file Orders, ranks and quantiles of attributed values. */
import { ascendingOrder } from '../radix-order.js'

/** Indices from the largest value to the smallest, or the other way round; equal values in order of their index. */
export const orderOf = (values: ArrayLike<number>, direction: 'descending' | 'ascending' = 'descending'): Uint32Array =>
  ascendingOrder(direction === 'ascending' ? values : Float64Array.from(values, value => -value))

/** Rank of each value, 1 the smallest; equal values share the mean of the ranks they span. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = orderOf(values, 'ascending')
  const out = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let k = start; k < end; k++) out[order[k]!] = (start + 1 + end) / 2
    start = end
  }
  return out
}

/** Dense rank of each value, 1 the smallest: equal values share one, and none is left out. */
export function denseRanks(values: ArrayLike<number>): Float64Array {
  const order = orderOf(values, 'ascending')
  const out = new Float64Array(values.length)
  let rank = 0
  order.forEach((index, k) => {
    if (k === 0 || values[index] !== values[order[k - 1]!]) rank++
    out[index] = rank
  })
  return out
}

/** The value below which a share of all lies, linear between the two nearest. */
export const quantileOf = (values: ArrayLike<number>, share: number): number =>
  sortedQuantile(Float64Array.from(values).sort(), share)

/** The same for values that are sorted already. */
export function sortedQuantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1)
  const low = Math.floor(place)
  const high = Math.min(sorted.length - 1, low + 1)
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!)
}
