/** @file A tensor's labels without their repetitions: along channels, along the width of a token. */

/** A tensor as [outer, places, inner], elements of one place sharing a label: the channels of a picture, the width of a token. */
export interface Shared {
  readonly outer: number
  readonly places: number
  readonly inner: number
  /** Label of each place. */
  readonly labels: Int32Array
}

/** The coarsest such view of a tensor of these dims (the first is the row's). */
export function sharedLabels(labels: Int32Array, dims: readonly number[]): Shared {
  const size = labels.length
  const repeats = (step: number, period: number): boolean => {
    for (let start = 0; start < size; start += period)
      for (let i = start + step; i < start + period; i++) if (labels[i] !== labels[i - step]) return false
    return true
  }
  let inner = 1
  for (let axis = dims.length - 1, next = 1; axis >= 0; axis--) {
    next *= dims[axis]!
    if (next > 1 && repeats(1, next)) inner = next
  }
  let outer = 1
  for (let axis = 0, next = 1; axis < dims.length && next * dims[axis]! * inner <= size; axis++) {
    next *= dims[axis]!
    if (next > 1 && repeats(size / next, size)) outer = next
  }
  const places = size / outer / inner
  return { outer, places, inner, labels: Int32Array.from({ length: places }, (_, i) => labels[i * inner]!) }
}
