/** @file Ensembles over segments: maps added up inside each, combined, and spread back over the places. */
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { pictureStrides } from '../picture.js'
import { featuresOf } from '../segments/index.js'
import type { Segments } from '../segments/segments.js'
import { combine, type Ensemble, type EnsembleOptions } from './combine.js'

/** Which segment every place of a map lies in. */
export interface PlaceSegments {
  /** One per place, 0 to count - 1; -1 for none. */
  readonly labels: Int32Array
  readonly count: number
}

/**
 * The segments of the only tensor that is explained, as labels of its places: a picture's pixels (those of its first channel), or the
 * elements of anything else.
 * @throws UsageError where several tensors are explained, or for segments that do not fit
 */
export function placeSegments(evaluator: Evaluator, segments: Segments): PlaceSegments {
  const [name, ...more] = evaluator.at
  if (name === undefined || more.length > 0)
    throw new UsageError(`an ensemble is of maps of one tensor; ${evaluator.at.join(', ')} are explained: name one with --at`)
  const { labels, count } = featuresOf(evaluator, segments)
  const own = labels[name]!
  const axes = evaluator.pictureAxes(name)
  if (!axes) return { labels: own, count }
  const { places, placeStep } = pictureStrides(evaluator.inputs[name]!.dims, axes)
  return { labels: Int32Array.from({ length: places }, (_, i) => own[i * placeStep]!), count }
}

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
