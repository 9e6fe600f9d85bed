/** @file From an attribution to a map of the picture's size that can be averaged: channels to one, and a scale of its own. */
import { InputError, resizeMap, type Size } from '@ascribe/core'
import { quantile } from '../../statistics/index.js'

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

const minimum = (map: Float64Array): number => map.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
const fromMinimum = (map: Float64Array): readonly [number, number] => [minimum(map), quantile(map, 0.99)]

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
    range: map => [0, quantile(map.map(Math.abs), 0.99)],
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

interface Planes extends Size {
  readonly channels: number
  /** Value of channel c at pixel i. */
  readonly at: (c: number, i: number) => number
}

/** Reads the axes: [1, C, H, W], [1, H, W, C] or [1, h, w]. */
function planesOf(values: ArrayLike<number>, dims: readonly number[], channelPlace: ChannelPlace): Planes {
  const where = `an attribution of dims [${dims.join(', ')}]`
  if ((dims.length !== 3 && dims.length !== 4) || dims[0] !== 1)
    throw new InputError(`${where} is no map of one picture: give [1, C, H, W], [1, H, W, C] or [1, h, w]`)
  const size = dims.reduce((product, dim) => product * dim, 1)
  if (size !== values.length || size === 0)
    throw new InputError(`${where} has ${values.length} values; ${size} are needed, and at least one`)
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new InputError(`${where} is ${values[i]} at element ${i}; a map must be finite to be scaled`)
  if (dims.length === 3) return { channels: 1, height: dims[1]!, width: dims[2]!, at: (_, i) => values[i]! }
  const [channels, height, width] = channelPlace === 'first' ? [dims[1]!, dims[2]!, dims[3]!] : [dims[3]!, dims[1]!, dims[2]!]
  const pixels = height * width
  return {
    channels,
    height,
    width,
    at: channelPlace === 'first' ? (c, i) => values[c * pixels + i]! : (c, i) => values[i * channels + c]!,
  }
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
  const planes = planesOf(values, dims, channelPlace)
  const { channel, range, floor }: VariantDefinition = variants[variant]
  const { width, height } = size
  const same = planes.width === width && planes.height === height
  const map = new Float64Array(width * height)
  for (let c = 0; c < planes.channels; c++) {
    let plane: (i: number) => number = i => planes.at(c, i)
    if (!same) {
      const small = Float64Array.from({ length: planes.width * planes.height }, (_, i) => planes.at(c, i))
      const large = resizeMap(small, planes, size, 'bilinear')
      plane = i => large[i]!
    }
    for (let i = 0; i < map.length; i++) map[i]! += channel(plane(i))
  }
  const [low, high] = range(map)
  if (map.every(value => value === low)) return { width, height, values: map.fill(0), scale: 'constant' }
  if (high === low) return { width, height, values: map.map(value => Math.max(floor, Math.sign(value - low))), scale: 'sparse' }
  const span = high - low
  return { width, height, values: map.map(value => Math.max(floor, Math.min(1, (value - low) / span))), scale: 'usual' }
}
