/** @file Which axis of an output counts its classes, and which its places. */
import { UsageError } from '../errors.js'
import type { Labels } from '../io/labels.js'

/** An output as rows of classes: one row per place. */
export interface ClassAxis {
  readonly axis: number
  /** Classes of one place. */
  readonly count: number
  /** How far apart they lie. */
  readonly step: number
  /** Sizes of the axes of places, without the leading one: [height, width], [boxes], [time]. */
  readonly places: readonly number[]
  readonly placeCount: number
  /** First element of a place's classes. */
  readonly start: (place: number) => number
}

function alongAxis(dims: readonly number[], axis: number): ClassAxis {
  const count = dims[axis]!
  const step = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const places = dims.filter((_, i) => i > 0 && i !== axis)
  const placeCount = places.reduce((product, dim) => product * dim, 1)
  return {
    axis,
    count,
    step,
    places,
    placeCount,
    start: place => Math.floor(place / step) * count * step + (place % step),
  }
}

/** The axis of as many entries as there are labels, where there is one such axis. */
function labelledAxis(dims: readonly number[], labels: Labels | undefined): number | undefined {
  const fitting = dims.flatMap((dim, axis) => (axis > 0 && dim === labels?.length ? [axis] : []))
  return fitting.length === 1 ? fitting[0] : undefined
}

/** Of [1, C, H, W] or [1, H, W, C]: two equal sides are the picture's, or the classes are the fewest. */
function pictureClasses([, a, b, c]: readonly number[]): number | undefined {
  if (b === c && a !== b) return 1
  if (a === b && b !== c) return 3
  if (a! < Math.min(b!, c!)) return 1
  if (c! < Math.min(a!, b!)) return 3
  return undefined
}

/**
 * The classes of an output [1, ...].
 * @param asked the axis that the target names, from 0, or from the end where negative
 * @param kind `places`: of pictures the axis as long as the labels, else told by the sides; of other outputs the last.
 * `boxes`: of [1, N, C] and [1, C, N] the shorter one
 * @throws UsageError where the axis does not exist or cannot be told
 */
export function classAxis(
  dims: readonly number[],
  kind: 'places' | 'boxes',
  labels: Labels | undefined,
  asked: number | undefined,
): ClassAxis {
  if (asked !== undefined) {
    const axis = asked < 0 ? dims.length + asked : asked
    if (axis < 1 || axis >= dims.length)
      throw new UsageError(`axis ${asked} is out of range: the model's output is [${dims}], and axis 0 counts inputs`)
    return alongAxis(dims, axis)
  }
  if (dims.length < 2) throw new UsageError(`the model's output is [${dims}]: it has no places; use index:I or a class`)
  if (kind === 'boxes' && dims.length !== 3)
    throw new UsageError(
      `the model's output is [${dims}], and boxes are [1, boxes, classes] or [1, classes, boxes]; pass --output`,
    )
  const guess =
    labelledAxis(dims, labels) ??
    (dims.length === 4
      ? pictureClasses(dims)
      : kind === 'places' || dims[1]! > dims[2]!
        ? dims.length - 1
        : dims[1]! < dims[2]!
          ? 1
          : undefined)
  if (guess === undefined)
    throw new UsageError(
      `which axis of the output [${dims}] counts the classes cannot be told; add ,axis=1 or ,axis=${dims.length - 1} to the target`,
    )
  return alongAxis(dims, guess)
}
