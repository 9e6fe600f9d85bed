/** @file Windows over a tensor: their different ranges, an order in which neighbours run together, and the values they show. */
import type { TensorValue } from '../tensor-value.js'
import type { Extent } from './extent.js'
import type { WindowPlace } from './places.js'

/** Places of a window along one axis of the tensor: from `from`, before `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Indices of the windows in an order in which those that run together are about as far from the edges, so that their boxes are about
 * equal: in strips by the distance along the first axis, to and fro by the distance along the others.
 */
export function neighbours(places: readonly WindowPlace[], extents: readonly Extent[], count: number): readonly number[] {
  const distance = (window: WindowPlace, axis: number): number => {
    const { from, to, length } = extents[axis]!
    const range = window.ranges[axis]!
    return Math.min(from[range]!, length - to[range]!)
  }
  const sorted = (indices: readonly number[], axis: number, sign = 1): number[] =>
    [...indices].sort((a, b) => sign * (distance(places[a]!, axis) - distance(places[b]!, axis)) || a - b)
  const split = (indices: readonly number[], axis: number, sign: number): number[] => {
    const inOrder = sorted(indices, axis, sign)
    const axesLeft = extents.length - axis
    if (axesLeft <= 1) return inOrder
    const strips = Math.max(1, Math.round((indices.length / count) ** (1 / axesLeft)))
    const size = Math.ceil(indices.length / strips / count) * count
    const out: number[] = []
    for (let strip = 0; strip * size < inOrder.length; strip++)
      out.push(...split(inOrder.slice(strip * size, (strip + 1) * size), axis + 1, strip % 2 === 0 ? 1 : -1))
    return out
  }
  return split(
    places.map((_, i) => i),
    0,
    1,
  )
}

/** The different ranges, and which of them each window has. */
export function distinct(
  ranges: readonly Range[],
  length: number,
): { readonly extent: Extent; readonly indices: readonly number[] } {
  const found = new Map<string, number>()
  const different: Range[] = []
  const indices = ranges.map(range => {
    const key = `${range.from} ${range.to}`
    if (!found.has(key)) found.set(key, different.push(range) - 1)
    return found.get(key)!
  })
  return { extent: { length, from: different.map(({ from }) => from), to: different.map(({ to }) => to) }, indices }
}

/** The input with the channels of each range replaced, one row per range. */
export function variantsOf(
  { dims, data }: TensorValue<'float32'>,
  filling: Float32Array,
  channels: Extent,
  axis: number,
): TensorValue<'float32'> {
  const rows = channels.from.length
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const out = new Float32Array(rows * data.length)
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < data.length; i++) {
      const channel = Math.floor(i / inner) % dims[axis]!
      out[row * data.length + i] = (channel >= channels.from[row]! && channel < channels.to[row]! ? filling : data)[i]!
    }
  return { dtype: 'float32', dims: [rows, ...dims.slice(1)], data: out }
}
