/** @file How many different cues the first columns of an order carry. */
import type { SelectableColumn } from '../data/tabular-data.js'
import { cuesOf } from '../data/tabular-data.js'

/**
 * Among the first K columns of `order`, K the number of cues: different cues found over K. A copy of a cue that was found before, a mixture
 * and noise count nothing, so 1 means that every cue came before any copy.
 */
export function cuesFound(order: readonly number[], columns: readonly SelectableColumn[]): number {
  const all = cuesOf({ columns }).length
  const found = new Set(order.slice(0, all).flatMap(column => columns[column]!.cue ?? []))
  return found.size / all
}
