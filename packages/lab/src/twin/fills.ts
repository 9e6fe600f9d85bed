/** @file What removed pixels show: the fills of the studies, on bytes. */
import { gaussianBlur, Random, suggestion, UsageError } from '@ascribe/core'
import { imputed } from '../harmony/impute.js'

/** A square or oblong picture as bytes [height, width, 3]. */
export interface BytePicture {
  readonly data: Uint8Array
  readonly height: number
  readonly width: number
}

export interface MaskFill {
  readonly name: string
  readonly summary: string
  /** The value at (place, channel) that a removed place shows, 0 to 255. @param removed by place @param seed of what is random in it */
  readonly make: (picture: BytePicture, removed: Uint8Array, seed: number) => (place: number, channel: number) => number
}

/** Deviation of the noise on imputed pixels, of 255. */
const roadNoise = 0.01 * 255

const channels = [0, 1, 2] as const

const planeOf = ({ data, height, width }: BytePicture, channel: number): Float64Array =>
  Float64Array.from({ length: height * width }, (_, i) => data[3 * i + channel]!)

const overPlanes = (planes: readonly ArrayLike<number>[]) => (place: number, channel: number) => planes[channel]![place]!

export const maskFills: readonly MaskFill[] = [
  { name: 'black', summary: 'zero', make: () => () => 0 },
  {
    name: 'mean',
    summary: "each channel's mean over the picture",
    make: picture => {
      const means = channels.map(channel => {
        const plane = planeOf(picture, channel)
        return plane.reduce((sum, value) => sum + value, 0) / plane.length
      })
      return (_, channel) => means[channel]!
    },
  },
  {
    name: 'blur',
    summary: 'the picture under a Gaussian of 10 pixels at 224',
    make: picture => {
      const { height, width } = picture
      const sigma = (10 * Math.min(height, width)) / 224
      return overPlanes(channels.map(channel => gaussianBlur(planeOf(picture, channel), 1, height, width, sigma)))
    },
  },
  {
    name: 'road',
    summary: 'noisy linear imputation from what is left (Rong et al., ROAD, ICML 2022)',
    make: (picture, removed, seed) => {
      const { height, width } = picture
      const planes = channels.map(channel => planeOf(picture, channel))
      return overPlanes(
        imputed(planes, removed, height, width).map((plane, channel) => {
          const random = new Random(seed, 0x70ad + channel)
          return plane.map(value => value + roadNoise * random.normal())
        }),
      )
    },
  },
]

/** @throws UsageError with a suggestion where there is none */
export function maskFillNamed(name: string): MaskFill {
  const found = maskFills.find(fill => fill.name === name)
  if (found) return found
  const names = maskFills.map(fill => fill.name)
  throw new UsageError(`unknown fill "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}

/** The picture with its removed places filled, rounded to bytes. */
export function filledPicture(picture: BytePicture, removed: Uint8Array, fill: MaskFill, seed: number): Uint8Array {
  const valueAt = fill.make(picture, removed, seed)
  const data = picture.data.slice()
  removed.forEach((gone, place) => {
    if (gone)
      for (const channel of channels) data[3 * place + channel] = Math.min(255, Math.max(0, Math.round(valueAt(place, channel))))
  })
  return data
}
