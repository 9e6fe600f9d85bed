/** @file Which values a colormap's ends stand for. */
import { UsageError } from '../errors.js'

/** `diverging` runs from low = -high over 0 to high; `sequential` from low to high. Values beyond are drawn as the ends. */
export interface DisplayRange {
  readonly kind: 'diverging' | 'sequential'
  readonly low: number
  readonly high: number
  /** Percentile of |v| that `high` is. */
  readonly percentile: number
}

export interface RangeOptions {
  /** `auto`: diverging where a value is negative. */
  readonly kind?: 'auto' | 'diverging' | 'sequential'
  /** Percentile of |v| for the upper end; 99 by default, 100 is the largest. */
  readonly percentile?: number
  /** Lower end of a sequential range: zero, or the smallest value. */
  readonly from?: 'zero' | 'minimum'
}

/**
 * The p-th percentile, linear between the neighbouring order statistics (position p/100·(n - 1)); values that are not finite are left
 * out; 0 of nothing.
 */
export function percentileOf(values: ArrayLike<number>, percentile: number): number {
  const sorted = new Float64Array(values).filter(Number.isFinite).sort()
  if (sorted.length === 0) return 0
  const position = (percentile / 100) * (sorted.length - 1)
  const below = Math.floor(position)
  const share = position - below
  return share === 0 ? sorted[below]! : sorted[below]! + share * (sorted[below + 1]! - sorted[below]!)
}

/**
 * The display range of one sample's map. Its upper end is the given percentile of |v| (of v where the range is sequential), or the
 * largest where that percentile is not above the lower end, so that a map with few non-zero values is still seen. A map of zeros has
 * the range 0 to 0.
 */
export function displayRange(values: ArrayLike<number>, options: RangeOptions = {}): DisplayRange {
  const { kind = 'auto', percentile = 99, from = 'zero' } = options
  if (!(percentile > 0 && percentile <= 100)) throw new UsageError(`percentile ${percentile} is not above 0 and at most 100`)
  let [smallest, largest] = [0, 0]
  let seen = false
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    smallest = seen ? Math.min(smallest, value) : value
    largest = seen ? Math.max(largest, value) : value
    seen = true
  }
  const diverging = kind === 'diverging' || (kind === 'auto' && smallest < 0)
  if (diverging) {
    const limit = percentileOf(new Float64Array(values).map(Math.abs), percentile) || Math.max(-smallest, largest)
    return { kind: 'diverging', low: -limit, high: limit, percentile }
  }
  const low = from === 'zero' ? 0 : smallest
  const high = percentileOf(values, percentile)
  return { kind: 'sequential', low, high: high > low ? high : Math.max(low, largest), percentile }
}

/** Place of a value in the range, 0 to 1; the middle (diverging) or start of an empty range. */
export function placeIn({ kind, low, high }: DisplayRange, value: number): number {
  if (!(high > low) || Number.isNaN(value)) return kind === 'diverging' ? 0.5 : 0
  return Math.max(0, Math.min(1, (value - low) / (high - low)))
}
