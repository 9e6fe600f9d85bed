/** @file Ensembles over segments: maps added up inside each, combined, and spread back over the places. */
import { UsageError } from '../errors.js'
import { combine, type Ensemble, type EnsembleOptions } from './combine.js'

/**
 * Sums of a map over the segments 0, 1, 2 ... that `labels` gives to its places; places with a label below 0 belong to none.
 * @throws UsageError for a map and labels of unequal length
 */
export function segmentSums(map: ArrayLike<number>, labels: ArrayLike<number>, count: number): Float64Array {
  if (map.length !== labels.length)
    throw new UsageError(
      `segments of ${labels.length} places do not fit a map of ${map.length}; bring the maps to one size first`,
    )
  const sums = new Float64Array(count)
  for (let i = 0; i < map.length; i++) if (labels[i]! >= 0) sums[labels[i]!]! += map[i]!
  return sums
}

/**
 * `combine` on the members' sums over segments; every place gets its segment's value (0 where it has none). For schemes that order places,
 * such as kemeny, which pixels are too many for.
 */
export function combineOverSegments(
  members: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  options: EnsembleOptions = {},
): Ensemble {
  let count = 0
  for (let i = 0; i < labels.length; i++) count = Math.max(count, labels[i]! + 1)
  const { values, spread } = combine(
    members.map(map => segmentSums(map, labels, count)),
    options,
  )
  const spreadBack = (found: Float64Array): Float64Array =>
    Float64Array.from(labels, (label: number) => (label >= 0 ? found[label]! : 0))
  return { values: spreadBack(values), spread: spreadBack(spread) }
}
