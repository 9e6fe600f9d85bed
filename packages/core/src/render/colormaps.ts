/** @file Colormaps: numbers in 0 to 1 as colours. */
import { UsageError } from '../errors.js'
import { cividis, inferno, magma, viridis } from './colormap-data.js'

export type Rgb = readonly [red: number, green: number, blue: number]

/** 256 colours in a row of 768 bytes; a diverging map has its neutral colour in the middle. */
export interface Colormap {
  readonly kind: 'sequential' | 'diverging'
  readonly table: Uint8Array
}

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))

const ramp = (color: (t: number) => Rgb): Uint8Array =>
  Uint8Array.from({ length: 768 }, (_, i) => Math.round(color(Math.floor(i / 3) / 255)[i % 3]!))

const toLinear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
const fromLinear = (v: number): number => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055)

/** sRGB (0 to 255) to Oklab (Ottosson 2020). */
function oklab([red, green, blue]: Rgb): Rgb {
  const [r, g, b] = [toLinear(red / 255), toLinear(green / 255), toLinear(blue / 255)]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function fromOklab([lightness, a, b]: Rgb): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const channel = (v: number): number => Math.max(0, Math.min(255, fromLinear(v) * 255))
  return [
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

/** Straight lines in Oklab between evenly spaced anchors. */
function between(anchors: readonly Rgb[]): Uint8Array {
  const points = anchors.map(oklab)
  return ramp(t => {
    const position = t * (points.length - 1)
    const start = Math.min(points.length - 2, Math.floor(position))
    const share = position - start
    const mix = (axis: 0 | 1 | 2): number => points[start]![axis] * (1 - share) + points[start + 1]![axis] * share
    return fromOklab([mix(0), mix(1), mix(2)])
  })
}

/** Every colormap by name. */
export const colormaps = {
  viridis: { kind: 'sequential', table: fromHex(viridis) },
  magma: { kind: 'sequential', table: fromHex(magma) },
  inferno: { kind: 'sequential', table: fromHex(inferno) },
  cividis: { kind: 'sequential', table: fromHex(cividis) },
  gray: { kind: 'sequential', table: ramp(t => [t * 255, t * 255, t * 255]) },
  /** Blue, light grey, red; even in lightness on both sides. */
  'blue-grey-red': {
    kind: 'diverging',
    table: between([
      [58, 76, 192],
      [140, 172, 245],
      [222, 222, 222],
      [240, 150, 120],
      [180, 20, 38],
    ]),
  },
  /** Dark blue, blue, white, red, dark red. */
  'blue-white-red': {
    kind: 'diverging',
    table: between([
      [8, 40, 104],
      [42, 112, 190],
      [247, 247, 247],
      [205, 66, 58],
      [110, 8, 32],
    ]),
  },
} satisfies Record<string, Colormap>

export type ColormapName = keyof typeof colormaps

/** A colormap by name. @throws UsageError naming those there are */
export function colormapOf(name: string): Colormap {
  if (!Object.hasOwn(colormaps, name))
    throw new UsageError(`there is no colormap '${name}'; choose one of ${Object.keys(colormaps).join(', ')}`)
  return colormaps[name as ColormapName]
}

/** The colour at t in 0 to 1 (limited to it): entry round(255 t) of the table. */
export function colorAt({ table }: Colormap, t: number): Rgb {
  const i = 3 * Math.round(255 * Math.max(0, Math.min(1, t || 0)))
  return [table[i]!, table[i + 1]!, table[i + 2]!]
}
