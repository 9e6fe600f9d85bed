/** @file The map of a subject. */
import { combine, gaussianBlur, type Pixels, Random, toGrey } from '@ascribe/core'
import type { HarmonyPicture } from './pictures.js'
import type { ControlName, Subject } from './subject.js'

type Control = (picture: HarmonyPicture, random: Random) => Float64Array

const sizeOf = ({ pixels }: HarmonyPicture): number => pixels.width

/** Distance to the middle, the nearest highest. */
const centre = (size: number): Float64Array =>
  Float64Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [Math.floor(i / size), i % size]
    return -Math.hypot(y - (size - 1) / 2, x - (size - 1) / 2)
  })

/** Size of the grey picture's central differences, smoothed over a pixel. */
function edges(pixels: Pixels): Float64Array {
  const { width, height } = pixels
  const smooth = gaussianBlur(toGrey(pixels).data, 1, height, width, 1)
  const at = (y: number, x: number): number =>
    smooth[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!
  return Float64Array.from(smooth, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width]
    return Math.hypot(at(y, x + 1) - at(y, x - 1), at(y + 1, x) - at(y - 1, x))
  })
}

const noise = (places: number, random: Random): Float64Array => Float64Array.from({ length: places }, () => random.normal())

const controls: Readonly<Record<ControlName, Control>> = {
  random: (picture, random) => noise(sizeOf(picture) ** 2, random),
  /** Blurred noise: its top share is a few round spots. */
  blobs: (picture, random) => {
    const size = sizeOf(picture)
    return Float64Array.from(gaussianBlur(noise(size * size, random), 1, size, size, size / 16))
  },
  centre: picture => centre(sizeOf(picture)),
  edges: ({ pixels }) => edges(pixels),
  /** Ranks nothing: its top share is the first rows. */
  uniform: picture => new Float64Array(sizeOf(picture) ** 2).fill(1),
  'blurred-copy': picture => {
    const { width, height } = picture.pixels
    return Float64Array.from(gaussianBlur(toGrey(picture.pixels).data, 1, height, width, (5 * width) / 224))
  },
  /** The object from its inside out, then what is near it. @throws where there is no mask: it is not asked for then */
  truth: picture => {
    const size = sizeOf(picture)
    const near = gaussianBlur(picture.mask!, 1, size, size, size / 16)
    return Float64Array.from(near, (value, i) => value + picture.mask![i]!)
  },
}

/** The map moved in a circle by (dy, dx). */
function shifted(map: Float64Array, size: number, dy: number, dx: number): Float64Array {
  return map.map((_, i) => map[((Math.floor(i / size) + dy) % size) * size + (((i % size) + dx) % size)]!)
}

export interface MapTools {
  readonly picture: HarmonyPicture
  /** A stored map, [size, size]. */
  readonly stored: (key: string) => Promise<Float64Array>
  readonly seed: number
}

/** Streams of the controls' and shifts' draws. */
const streams = { control: 0xc0, shift: 0x51f7, combine: 0xc0b } as const

/** One value per place of the square picture. */
export async function subjectMap(subject: Subject, { picture, stored, seed }: MapTools): Promise<Float64Array> {
  const size = sizeOf(picture)
  switch (subject.kind) {
    case 'map':
      return stored(subject.map)
    case 'shifted': {
      const random = new Random(seed, streams.shift)
      const quarter = Math.max(1, Math.floor(size / 4))
      const draw = (): number => quarter + random.integer(size - 2 * quarter)
      return shifted(await stored(subject.map), size, draw(), draw())
    }
    case 'control':
      return controls[subject.control](picture, new Random(seed, streams.control))
    case 'blurred':
      return Float64Array.from(gaussianBlur(await stored(subject.map), 1, size, size, subject.sigma))
    case 'combined': {
      const { maps, normaliser, scheme, weights, sigma } = subject
      const members = await Promise.all(maps.map(stored))
      const { values } = combine(members, {
        normaliser,
        scheme,
        seed: seed + streams.combine,
        ...(weights && { schemeOptions: { weights: weights.join('/') } }),
      })
      return sigma === undefined ? values : Float64Array.from(gaussianBlur(values, 1, size, size, sigma))
    }
  }
}
