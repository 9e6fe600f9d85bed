/** @file Bytes of pictures as lossless WebP, in Node. */
import sharp from 'sharp'
import type { Pixels } from './pixels.js'

/** Sizes as lossless WebP with quality (effort) 100 and method 4; they depend on the libwebp that sharp brings (`webpVersion`). */
export const webpBytes = (pictures: readonly Pixels[]): Promise<number[]> =>
  Promise.all(
    pictures.map(async ({ width, height, channels, data }) => {
      const image = sharp(data, { raw: { width, height, channels } })
      return (await image.webp({ lossless: true, quality: 100, effort: 4 }).toBuffer()).length
    }),
  )

/** The version of libwebp: belongs beside every number made from `webpBytes`. */
export const webpVersion = (): string => sharp.versions.webp ?? 'unknown'
