/** @file From an attribution to a map of the picture's size that can be averaged: channels to one, and a scale of its own. */
import { InputError, resizeMap, type Size } from '@ascribe/core'
import { quantileOfSorted } from '../../statistics/index.js'

/** Where the channels of a four-axis attribution are. */
export type ChannelPlace = 'first' | 'last'

interface VariantDefinition {
  readonly summary: string
  /** Contribution of one channel's value to its pixel. */
  readonly channel: (value: number) => number
  /** Ends of the scale: values at `low` become 0 and values at `high` become 1. */
  readonly range: (map: Float64Array) => readonly [low: number, high: number]
  /** Smallest scaled value. */
  readonly floor: number
}

/** Lowest value and 99th percentile, from one sorted copy. */
function fromMinimum(map: Float64Array): readonly [number, number] {
  const sorted = map.slice().sort()
  return [sorted[0]!, quantileOfSorted(sorted, 0.99)]
}

/**
 * What becomes of an attribution a[c, y, x], by name. All but `signed` are scaled as in the paper: with s the sum over channels,
 * v = clip((s - min s) / (P99(s) - min s), 0, 1), P99 the 99th percentile (linear interpolation). Every map is scaled by itself.
 */
export const variants = {
  /** The paper's: s = sum_c max(0, a_c). */
  positive: {
    summary: 'positive values summed over channels (the paper)',
    channel: value => Math.max(0, value),
    range: fromMinimum,
    floor: 0,
  },
  /** s = sum_c a_c, v = clip(s / P99(|s|), -1, 1): zero stays zero and evidence against stays negative. */
  signed: {
    summary: 'values summed over channels, sign kept',
    channel: value => value,
    range: map => [0, quantileOfSorted(map.map(Math.abs).sort(), 0.99)],
    floor: -1,
  },
  /** s = sum_c |a_c|. */
  absolute: { summary: 'magnitudes summed over channels', channel: Math.abs, range: fromMinimum, floor: 0 },
  /** s = sum_c a_c^2: what SmoothGrad squared is to be compared with, where a is a plain gradient. */
  squared: { summary: 'squares summed over channels', channel: value => value * value, range: fromMinimum, floor: 0 },
} satisfies Record<string, VariantDefinition>

export type Variant = keyof typeof variants

export const variantNames = Object.keys(variants) as readonly Variant[]

export interface VisualMap extends Size {
  /** [height, width], in [0, 1], for `signed` in [-1, 1]. */
  readonly values: Float64Array
  /**
   * `usual`; `constant` where all pixels were equal (for `signed`: all zero), and the map is zeros;
   * `sparse` where the 99th percentile equals the low end, so that the formula divides by zero: pixels above it are 1 and those at it 0,
   * the limit of the formula (for `signed`, -1 below it).
   */
  readonly scale: 'usual' | 'constant' | 'sparse'
}

/** An attribution as planes of the picture's size, one per channel. */
interface Planes {
  readonly channels: number
  readonly values: Float64Array
}

/** Reads the axes: [1, C, H, W], [1, H, W, C] or [1, h, w]; resizes where the picture has another size. */
function planesOf(values: ArrayLike<number>, dims: readonly number[], size: Size, channelPlace: ChannelPlace): Planes {
  const where = `an attribution of dims [${dims.join(', ')}]`
  if ((dims.length !== 3 && dims.length !== 4) || dims[0] !== 1)
    throw new InputError(`${where} is no map of one picture: give [1, C, H, W], [1, H, W, C] or [1, h, w]`)
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (count !== values.length || count === 0)
    throw new InputError(`${where} has ${values.length} values; ${count} are needed, and at least one`)
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new InputError(`${where} is ${values[i]} at element ${i}; a map must be finite to be scaled`)
  const first = dims.length === 3 || channelPlace === 'first'
  const [channels, height, width] = (
    dims.length === 3 ? [1, dims[1], dims[2]] : first ? dims.slice(1) : [dims[3], dims[1], dims[2]]
  ) as [number, number, number]
  const pixels = height * width
  const own = Float64Array.from(values)
  if (!first) for (let i = 0; i < pixels; i++) for (let c = 0; c < channels; c++) own[c * pixels + i] = values[i * channels + c]!
  if (width === size.width && height === size.height) return { channels, values: own }
  const area = size.width * size.height
  const resized = new Float64Array(channels * area)
  for (let c = 0; c < channels; c++)
    resized.set(resizeMap(own.subarray(c * pixels, (c + 1) * pixels), { width, height }, size, 'bilinear'), c * area)
  return { channels, values: resized }
}

/**
 * The map of an attribution in one of the `variants`.
 *
 * A map that does not have the picture's size (Grad-CAM's, at its layer's resolution) is first resized, channel by channel, by bilinear
 * interpolation with half-pixel centres: pixel i of n lies at (i + 1/2) / n, constant beyond the outermost centres (a map larger than the
 * picture is averaged over the triangle that its pixels then cover). Then follow the variant's channel rule, the sum over channels, and
 * the scale.
 * @param dims [1, C, H, W] or [1, H, W, C], told apart by `channelPlace`, or [1, h, w]
 * @param size of the picture
 * @throws InputError for other dims, a wrong number of values, or values that are not finite
 */
export function visualMap(
  values: ArrayLike<number>,
  dims: readonly number[],
  size: Size,
  variant: Variant,
  channelPlace: ChannelPlace = 'first',
): VisualMap {
  return visualMaps(values, dims, size, [variant], channelPlace)[0]!
}

/** The same in several variants, in their order. */
export function visualMaps(
  values: ArrayLike<number>,
  dims: readonly number[],
  size: Size,
  wanted: readonly Variant[],
  channelPlace: ChannelPlace = 'first',
): VisualMap[] {
  const planes = planesOf(values, dims, size, channelPlace)
  return wanted.map(variant => scaled(planes, size, variants[variant]))
}

function scaled({ channels, values }: Planes, { width, height }: Size, { channel, range, floor }: VariantDefinition): VisualMap {
  const area = width * height
  const map = new Float64Array(area)
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) map[i]! += channel(values[c * area + i]!)
  const [low, high] = range(map)
  if (map.every(value => value === low)) return { width, height, values: map.fill(0), scale: 'constant' }
  const span = high - low
  for (let i = 0; i < area; i++)
    map[i] = Math.max(floor, span === 0 ? Math.sign(map[i]! - low) : Math.min(1, (map[i]! - low) / span))
  return { width, height, values: map, scale: span === 0 ? 'sparse' : 'usual' }
}
