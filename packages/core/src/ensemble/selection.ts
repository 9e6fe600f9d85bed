/** @file Quantiles without a sort. */

/** Values that a pivot is chosen from, where there are many more. */
const sampled = 63
const sample = new Float64Array(sampled)

/** A value that is likely to be near the one of this rank: that of a few, evenly spaced. */
function pivotOf(values: Float64Array, rank: number, left: number, right: number): number {
  const span = right - left
  if (span < 8 * sampled) return values[rank]!
  for (let k = 0; k < sampled; k++) sample[k] = values[left + Math.floor((k * span) / (sampled - 1))]!
  sample.sort()
  return sample[Math.round(((rank - left) / span) * (sampled - 1))]!
}

/** Rearranges values so that the one of this rank stands at its place, smaller ones before it, larger ones behind it (Hoare). */
function select(values: Float64Array, rank: number): void {
  let [left, right] = [0, values.length - 1]
  while (left < right) {
    const pivot = pivotOf(values, rank, left, right)
    let [i, j] = [left, right]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (pivot < values[j]!) j--
      if (i > j) break
      const held = values[i]!
      values[i++] = values[j]!
      values[j--] = held
    }
    if (j < rank) left = i
    if (rank < i) right = j
  }
}

/** The same numbers as `sortedQuantile` of the sorted values, each in linear time. The values are left as they are. */
export function quantilesOf(values: Float64Array, shares: readonly number[]): number[] {
  const own = values.slice()
  return shares.map(share => {
    const place = share * (own.length - 1)
    const rank = Math.floor(place)
    select(own, rank)
    const low = own[rank]!
    if (place === rank) return low
    let next = Number.POSITIVE_INFINITY
    for (let i = rank + 1; i < own.length; i++) if (own[i]! < next) next = own[i]!
    return low + (place - rank) * (next - low)
  })
}
