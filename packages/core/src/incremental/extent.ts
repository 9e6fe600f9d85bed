/** @file Which places of a tensor windows can change: intervals, axis by axis, and boxes of one size that hold them. */

/** Per range of windows along one axis, the places that may differ from the clean tensor: from `from`, before `to`; none where they meet. */
export interface Extent {
  readonly length: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** Boxes of one size along one axis: large enough for every range's places, and inside the tensor. */
export interface Box {
  readonly size: number
  readonly starts: readonly number[]
}

/** What one output place reads along one axis: `kernel` inputs from place * stride - begin on, `dilation` apart. */
export interface AxisReach {
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  readonly begin: number
}

/** The places along one axis that a box's values are computed from: `count` of them, `step` apart, from `starts` on; some may be outside. */
export interface Span {
  readonly starts: readonly number[]
  readonly step: number
  readonly count: number
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value))

export const ownPlace: AxisReach = { kernel: 1, stride: 1, dilation: 1, begin: 0 }

/** Whether an output place reads the same place of the input, and no other. */
export const isOwnPlace = ({ kernel, stride, begin }: AxisReach): boolean => kernel === 1 && stride === 1 && begin === 0

/** The output places, of `length`, that read a changed place. */
export function grown(extent: Extent, reach: AxisReach, length: number): Extent {
  if (isOwnPlace(reach)) return extent
  const { kernel, stride, dilation, begin } = reach
  const from = extent.from.map(low => clamp(Math.ceil((low + begin - (kernel - 1) * dilation) / stride), 0, length))
  const to = extent.to.map((high, i) => {
    if (high <= extent.from[i]!) return from[i]!
    return Math.max(from[i]!, clamp(Math.floor((high - 1 + begin) / stride) + 1, 0, length))
  })
  return { length, from, to }
}

/** Places that are changed in any of the extents, as intervals. */
export function united(extents: readonly Extent[]): Extent {
  const [first, ...others] = extents
  return others.reduce((a, b) => {
    const empty = (extent: Extent, i: number): boolean => extent.to[i]! <= extent.from[i]!
    const pick = (ends: readonly number[], more: readonly number[], of: (...values: number[]) => number): number[] =>
      ends.map((end, i) => (empty(b, i) ? end : empty(a, i) ? more[i]! : of(end, more[i]!)))
    return { length: a.length, from: pick(a.from, b.from, Math.min), to: pick(a.to, b.to, Math.max) }
  }, first!)
}

/** The smallest box for some of the ranges. One that is larger than a range's changed places holds clean ones too, and is as right. */
export function boxOf({ length, from, to }: Extent, ranges: Iterable<number>): Box {
  let size = Math.min(1, length)
  for (const range of ranges) size = Math.max(size, to[range]! - from[range]!)
  return { size, starts: from.map(low => clamp(low, 0, length - size)) }
}

/** What the values of a box are computed from. */
export const spanOf = ({ size, starts }: Box, { kernel, stride, dilation, begin }: AxisReach): Span => ({
  starts: starts.map(start => start * stride - begin),
  step: kernel === 1 ? stride : 1,
  count: kernel === 1 ? size : (size - 1) * stride + (kernel - 1) * dilation + 1,
})

/** Every place of the axis, whatever the range. */
export const wholeSpan = ({ length, from }: Extent): Span => ({ starts: from.map(() => 0), step: 1, count: length })
