/** @file What the axes of a value inside a model mean: rows, channels, or places of the explained picture or sequence. */
import { elementCount, type Node } from '@ascribe/onnx'

/** An axis that counts places: those of one or more axes of space, row-major, after `start` entries that are none (class tokens). */
interface Places {
  /** Which axes of space: 0 for height and 1 for width of a picture. */
  readonly space: readonly number[]
  /** Places along each. */
  readonly grid: readonly number[]
  readonly start: number
}

export type Axis = 'row' | 'channel' | 'unknown' | Places
export type Axes = readonly Axis[]

export const isPlaces = (axis: Axis | undefined): axis is Places => typeof axis === 'object'

/** One axis of space of `size` places. */
export const placesAlong = (space: number, size: number): Places => ({ space: [space], grid: [size], start: 0 })

/** Axes of [rows, channels, ...space]. */
export const channelsFirst = (dims: readonly number[]): Axes =>
  dims.map((size, axis) => (axis === 0 ? 'row' : axis === 1 ? 'channel' : placesAlong(axis - 2, size)))

/** Entries before the grid of a token tensor that may be class, distillation or register tokens. */
const mostExtraTokens = 8

/**
 * Axes by dimensions alone: [rows, channels, ...space] from four dimensions on, [rows, tokens, channels] for three. Tokens of a model
 * that reads pictures are the largest square grid that fits, after at most 8 class tokens; others are a sequence.
 */
export function axesByShape(dims: readonly number[], readsPictures: boolean): Axes {
  if (dims.length > 3) return channelsFirst(dims)
  if (dims.length < 3) return dims.map((_, axis) => (axis === 0 ? 'row' : 'unknown'))
  const tokens = dims[1]!
  const side = Math.floor(Math.sqrt(tokens))
  const start = tokens - side * side
  const square = readsPictures && side > 1 && start <= mostExtraTokens
  return ['row', square ? { space: [0, 1], grid: [side, side], start } : placesAlong(0, tokens), 'channel']
}

/** Number of places of all axes of space, or 0 where the axes are not [row, one of channels, places of distinct axes of space]. */
export function placeCount(axes: Axes): number {
  const places = axes.filter(isPlaces)
  const space = places.flatMap(axis => axis.space)
  const plain = axes[0] === 'row' && axes.filter(axis => axis === 'channel').length === 1
  if (!plain || places.length !== axes.length - 2 || new Set(space).size !== space.length) return 0
  return elementCount(places.flatMap(({ grid }) => grid))
}

/** Axes of space that some axis counts. */
export const spaceOf = (axes: Axes): number[] => axes.flatMap(axis => (isPlaces(axis) ? [...axis.space] : []))

/** The node's input that `index` names contracts its places: a matrix product sums over them. */
export function contracts(node: Node, index: number, axes: Axes): boolean {
  if (node.operator !== 'MatMul') return false
  return isPlaces(axes.at(index === 0 ? -1 : -2))
}
