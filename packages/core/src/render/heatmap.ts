/** @file From raw attribution values to pictures. Raw values are only read: every function gives new arrays. */
import { InputError } from '../errors.js'
import { type Pixels, toGrey, toRgb } from '../io/pixels.js'
import type { Layout } from '../io/preprocessing.js'
import { type Resampling, resizeMap, type Size } from '../io/resample.js'
import { type Colormap, colorAt, colormapOf, type Rgb } from './colormaps.js'
import { type DisplayRange, displayRange, placeIn, type RangeOptions } from './range.js'

/** A map of one value per position. */
export interface HeatMap {
  readonly width: number
  readonly height: number
  readonly values: Float32Array
}

/** How several values at one position become one: sum v, sum |v|, or max |v|. */
const reducers = {
  sum: (total: number, value: number) => total + value,
  'absolute-sum': (total: number, value: number) => total + Math.abs(value),
  'max-absolute': (total: number, value: number) => Math.max(total, Math.abs(value)),
} satisfies Record<string, (total: number, value: number) => number>

export type Reduction = keyof typeof reducers

export interface ReduceOptions {
  /** Default `sum`, which keeps the sign and the total. */
  readonly reduction?: Reduction
  /** Where the channels lie; default NCHW. Ignored where dims are [H, W]. */
  readonly layout?: Layout
}

/**
 * One value per pixel from dims [1, C, H, W], [1, H, W, C] (layout NHWC), the same without the leading 1, or [H, W].
 * Sums are kept in double precision.
 *
 * @throws InputError where the dims are no single picture or do not fit the number of values
 */
export function heatMap(values: ArrayLike<number>, dims: readonly number[], options: ReduceOptions = {}): HeatMap {
  const { reduction = 'sum', layout = 'NCHW' } = options
  const inner = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims
  if (inner.length < 2 || inner.length > 3)
    throw new InputError(`dims [${dims}] are not those of one picture; take one row of a batch`)
  const nchw = layout === 'NCHW'
  const full = inner.length === 2 ? (nchw ? [1, ...inner] : [...inner, 1]) : inner
  const [channels, height, width] = nchw ? [full[0]!, full[1]!, full[2]!] : [full[2]!, full[0]!, full[1]!]
  if (values.length !== channels * height * width) throw new InputError(`dims [${dims}] do not fit ${values.length} values`)
  const area = height * width
  const reduce = reducers[reduction]
  const out = new Float32Array(area)
  for (let i = 0; i < area; i++) {
    let total = 0
    for (let c = 0; c < channels; c++) total = reduce(total, values[nchw ? c * area + i : i * channels + c]!)
    out[i] = total
  }
  return { width, height, values: out }
}

/**
 * One value per column, token or time step from dims [1, N], [N], or [1, N, D] (reduced over D, as for token embeddings).
 *
 * @throws InputError for other dims
 */
export function sequence(values: ArrayLike<number>, dims: readonly number[], reduction: Reduction = 'sum'): Float32Array {
  const inner = dims.length > 1 && dims[0] === 1 ? dims.slice(1) : dims
  const [count = 1, depth = 1] = inner
  if (inner.length > 2 || values.length !== count * depth)
    throw new InputError(`dims [${dims}] are not one sequence of ${values.length} values`)
  // One value at a position has nothing to be reduced with.
  const reduce = inner.length < 2 ? reducers.sum : reducers[reduction]
  return Float32Array.from({ length: count }, (_, i) => {
    let total = 0
    for (let d = 0; d < depth; d++) total = reduce(total, values[i * depth + d]!)
    return total
  })
}

/** A map at another resolution: `bilinear` between pixel centres (align corners off), or `nearest` to keep blocks visible. */
export const resizeHeatMap = (map: HeatMap, size: Size, resampling: Resampling = 'bilinear'): HeatMap => ({
  ...size,
  values: resizeMap(map.values, map, size, resampling),
})

/** The map in colours, RGB. */
export function colorize(map: HeatMap, range: DisplayRange, colormap: Colormap): Pixels {
  const data = new Uint8Array(map.values.length * 3)
  map.values.forEach((value, i) => {
    const color = colorAt(colormap, placeIn(range, value))
    for (let c = 0; c < 3; c++) data[i * 3 + c] = color[c]!
  })
  return { width: map.width, height: map.height, channels: 3, data }
}

export interface OverlayOptions {
  /** Largest share of the map's colour, 0 to 1; default 0.85. */
  readonly opacity?: number
  /** `grey` (default) lightens and greys the photo so that the map's colours are read right; `color` keeps it. */
  readonly background?: 'grey' | 'color'
}

/**
 * The map over the picture. With s the strength at a position (|v| over the limit; the place in the range where sequential), the share
 * of the map's colour is opacity·s^0.75 for diverging maps and opacity·(0.25 + 0.75 s) for sequential ones: where the map is weak, the
 * photo shows. A diverging map's weak values take the tint of their side instead of the neutral colour, which would only veil the photo, and its strong ones stop at nine tenths of the map,
 * before its darkest colours.
 *
 * @throws InputError where the sizes differ
 */
export function overlay(
  picture: Pixels,
  map: HeatMap,
  range: DisplayRange,
  colormap: Colormap,
  options: OverlayOptions = {},
): Pixels {
  const { opacity = 0.85, background = 'grey' } = options
  if (picture.width !== map.width || picture.height !== map.height)
    throw new InputError(`the map is ${map.width} x ${map.height}, the picture ${picture.width} x ${picture.height}`)
  const under = background === 'grey' ? toRgb(lightened(toGrey(picture))) : toRgb(picture)
  const data = new Uint8ClampedArray(map.values.length * 3)
  map.values.forEach((value, i) => {
    const { color, share } = blends[range.kind](placeIn(range, value), colormap)
    for (let c = 0; c < 3; c++) data[i * 3 + c] = under.data[i * 3 + c]! * (1 - opacity * share) + color[c]! * opacity * share
  })
  return { width: map.width, height: map.height, channels: 3, data }
}

const blends: Readonly<Record<DisplayRange['kind'], (place: number, colormap: Colormap) => { color: Rgb; share: number }>> = {
  sequential: (place, colormap) => ({ color: colorAt(colormap, place), share: 0.25 + 0.75 * place }),
  diverging(place, colormap) {
    const signed = 2 * place - 1
    const strength = Math.abs(signed)
    return { color: colorAt(colormap, 0.5 + Math.sign(signed) * (0.2 + 0.2 * strength)), share: strength ** 0.75 }
  },
}

/** Greys moved 0.4 of the way towards 215, so that dark areas do not swallow the map's colours. */
const lightened = (picture: Pixels): Pixels => ({
  ...picture,
  data: Uint8Array.from(picture.data, v => Math.round(v * 0.6 + 86)),
})

export interface RenderOptions extends ReduceOptions, RangeOptions, OverlayOptions {
  /** Default `blue-white-red` for diverging ranges, `viridis` for sequential ones. */
  readonly colormap?: string
  readonly resampling?: Resampling
}

export interface RenderedMap {
  /** Reduced values at the attribution's own resolution. */
  readonly heat: HeatMap
  /** Chosen on `heat`, before any enlarging. */
  readonly range: DisplayRange
  readonly colormap: string
  /** The map alone, and over the picture, at the picture's size. */
  readonly map: Pixels
  readonly overlay: Pixels
}

/** Everything from raw values and the picture they explain: reduce, choose the range, enlarge, colour, lay over. */
export function renderMap(
  values: ArrayLike<number>,
  dims: readonly number[],
  picture: Pixels,
  options: RenderOptions = {},
): RenderedMap {
  const heat = heatMap(values, dims, options)
  const range = displayRange(heat.values, options)
  const colormap = options.colormap ?? (range.kind === 'diverging' ? 'blue-white-red' : 'viridis')
  const table = colormapOf(colormap)
  const large = resizeHeatMap(heat, { width: picture.width, height: picture.height }, options.resampling)
  return { heat, range, colormap, map: colorize(large, range, table), overlay: overlay(picture, large, range, table, options) }
}
