/** @file Example maps of a report: the input with the object outlined, and every method's map over it, as PNG data URLs. */
import {
  colormapOf,
  displayRange,
  encodePng,
  heatMap,
  InputError,
  type Layout,
  overlay,
  type Pixels,
  resize,
  resizeHeatMap,
} from '@ascribe/core'
import type { ExampleRow } from './data.js'

export interface ExampleMap {
  readonly label: string
  /** An attribution's values, at the picture's resolution or a layer's own. */
  readonly values: ArrayLike<number>
  /** [1, C, H, W] (or [1, H, W, C] for layout NHWC), [1, H, W], or [H, W]. */
  readonly dims: readonly number[]
}

export interface ExampleOptions {
  readonly title: string
  /** RGB of a square, 0..255; how much of each pixel is the object, 0..255, where that is known. */
  readonly picture: { readonly pixels: Uint8Array; readonly mask?: Uint8Array | null }
  readonly maps: readonly ExampleMap[]
  /** Label of the first picture. Default `input`. */
  readonly inputLabel?: string
  /** Default NCHW. */
  readonly layout?: Layout
  /** Each pixel becomes a square so large that a side has about as many pixels. Default 128. */
  readonly side?: number
}

/** Mask values from here on are inside the object, as 0..255. */
const inside = 128

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  return btoa(text)
}

const dataUrl = (picture: Pixels): string => `data:image/png;base64,${base64(encodePng(picture))}`

/** Lines along the edge of a square mask: white on its inner side, black on its outer side, each one pixel of the given picture wide. */
function outlined(picture: Pixels, mask: Uint8Array): Pixels {
  const { width, height } = picture
  const data = new Uint8Array(picture.data)
  const within = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x]! >= inside
  const neighbours = [-1, 0, 1].flatMap(dy => [-1, 0, 1].map(dx => [dx, dy] as const))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const own = within(x, y)
      if (neighbours.every(([dx, dy]) => within(x + dx, y + dy) === own)) continue
      data.fill(own ? 255 : 0, (y * width + x) * 3, (y * width + x) * 3 + 3)
    }
  }
  return { width, height, channels: 3, data }
}

/**
 * One row of the example grid. Picture and maps are enlarged by a whole factor with square pixels. A map of another resolution than the
 * picture's is first interpolated to it (bilinear, between pixel centres), as for scoring. Channels are summed, the sign kept: red for,
 * blue against; a map without negative values runs from dark to bright. Each map has colours of its own, to the 99th percentile of |v|.
 *
 * @throws InputError where pixels, mask, or a map's dims are not those of one square picture
 */
export function exampleRow({ title, picture, maps, inputLabel = 'input', layout, side = 128 }: ExampleOptions): ExampleRow {
  const size = Math.round(Math.sqrt(picture.pixels.length / 3))
  if (size === 0 || size * size * 3 !== picture.pixels.length)
    throw new InputError(`example "${title}": ${picture.pixels.length} samples are not a square RGB picture`)
  if (picture.mask && picture.mask.length !== size * size)
    throw new InputError(`example "${title}": a mask of ${picture.mask.length} pixels does not fit a picture of side ${size}`)
  const large = size * Math.max(1, Math.round(side / size))
  const enlarged = (data: Uint8Array, channels: 1 | 3): Pixels =>
    resize({ width: size, height: size, channels, data }, large, large, 'nearest')
  const input = enlarged(picture.pixels, 3)
  const mask = picture.mask && new Uint8Array(enlarged(picture.mask, 1).data)
  const drawn = maps.map(({ label, values, dims }) => {
    const plane = dims.length === 3 && dims[0] === 1 ? dims.slice(1) : dims
    const heat = heatMap(values, plane, layout ? { layout } : {})
    const range = displayRange(heat.values)
    const own = heat.width === size && heat.height === size ? heat : resizeHeatMap(heat, { width: size, height: size })
    const map = resizeHeatMap(own, { width: large, height: large }, 'nearest')
    const colormap = colormapOf(range.kind === 'diverging' ? 'blue-white-red' : 'viridis')
    return { label, url: dataUrl(overlay(input, map, range, colormap)) }
  })
  return { title, pictures: [{ label: inputLabel, url: dataUrl(mask ? outlined(input, mask) : input) }, ...drawn] }
}

interface SquareExample {
  readonly title: string
  readonly picture: Pixels
  readonly maps: readonly ExampleMap[]
}

/** Pictures of a study are shown at this side at most. */
const shownSide = 160

/** Rows of those that are square RGB pictures, large ones made smaller. */
export const squareExamples = (examples: readonly SquareExample[]): ExampleRow[] =>
  examples.flatMap(({ title, picture, maps }) => {
    const { width, height } = picture
    if (width !== height || picture.channels !== 3) return []
    const side = Math.min(width, shownSide)
    const small: Pixels = side === width ? picture : resize(picture, side, side, 'bilinear')
    return [exampleRow({ title, picture: { pixels: Uint8Array.from(small.data) }, maps })]
  })
