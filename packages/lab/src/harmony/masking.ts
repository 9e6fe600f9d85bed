/** @file Parts of a picture kept, the rest filled, in picture space: every model then sees the same picture. */
import { gaussianBlur, type Pixels, Random, UsageError } from '@ascribe/core'
import { imputed } from './impute.js'

/** Deviation of the noise on imputed pixels, of 255. */
const roadNoise = 0.01 * 255

/** The picture that shows where pixels are removed: `removed` by place. */
type Fill = (picture: Pixels, removed: Uint8Array, seed: number) => Float64Array

function planesOf({ data, width, height }: Pixels): Float64Array[] {
  const planes = [0, 1, 2].map(() => new Float64Array(width * height))
  for (const [c, plane] of planes.entries()) for (let i = 0; i < plane.length; i++) plane[i] = data[3 * i + c]!
  return planes
}

function joined(planes: readonly ArrayLike<number>[]): Float64Array {
  const { length } = planes[0]!
  const out = new Float64Array(3 * length)
  for (const [c, plane] of planes.entries()) for (let i = 0; i < length; i++) out[3 * i + c] = plane[i]!
  return out
}

const fills: Readonly<Record<string, Fill>> = {
  /** A Gaussian of 10 pixels at 224. */
  blur: picture => {
    const { width, height } = picture
    const sigma = (10 * Math.min(width, height)) / 224
    return joined(planesOf(picture).map(plane => gaussianBlur(plane, 1, height, width, sigma)))
  },
  /** The mean of each channel. */
  mean: picture =>
    joined(
      planesOf(picture).map(plane => {
        const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length
        return plane.map(() => mean)
      }),
    ),
  black: ({ data }) => new Float64Array(data.length),
  /** Noisy linear imputation from what is left (Rong et al., ROAD, ICML 2022). */
  road: (picture, removed, seed) => {
    const { width, height } = picture
    return joined(
      imputed(planesOf(picture), removed, height, width).map((plane, c) => {
        const random = new Random(seed, 0x70ad + c)
        for (let i = 0; i < plane.length; i++) plane[i]! += roadNoise * random.normal()
        return plane
      }),
    )
  },
}

/** Fills that do not depend on which pixels are removed are made once per picture. */
const fixed = new Set(['blur', 'mean', 'black'])

const fillNamed = (name: string): Fill => {
  const fill = Object.hasOwn(fills, name) ? fills[name] : undefined
  if (!fill) throw new UsageError(`unknown fill "${name}" (there are ${Object.keys(fills).join(', ')})`)
  return fill
}

/** Places kept of a map's order, highest first: round(share x places), at least one. */
export function topMask(order: ArrayLike<number>, share: number): Uint8Array {
  const kept = new Uint8Array(order.length)
  const count = Math.min(order.length, Math.max(1, Math.round(share * order.length)))
  for (let k = 0; k < count; k++) kept[order[k]!] = 1
  return kept
}

/** Every fill x share, fill by fill: the picture with the top share kept (or, inverted, removed) and the rest filled. */
export function maskedPictures(
  picture: Pixels,
  order: ArrayLike<number>,
  { fills: names, fractions, inverse, seed }: MaskOptions,
): Pixels[] {
  return names.flatMap(name => {
    const fill = fillNamed(name)
    const once = fixed.has(name) ? fill(picture, new Uint8Array(order.length), seed) : undefined
    return fractions.map(share => {
      const kept = topMask(order, share)
      const removed = inverse ? kept : kept.map(value => 1 - value)
      const filling = once ?? fill(picture, removed, seed)
      const data = Uint8Array.from(picture.data)
      for (let place = 0; place < removed.length; place++)
        if (removed[place])
          for (let i = 3 * place; i < 3 * place + 3; i++) data[i] = Math.min(255, Math.max(0, Math.round(filling[i]!)))
      return { ...picture, data }
    })
  })
}

export interface MaskOptions {
  readonly fills: readonly string[]
  readonly fractions: readonly number[]
  /** The top share removed instead of kept. */
  readonly inverse: boolean
  readonly seed: number
}
