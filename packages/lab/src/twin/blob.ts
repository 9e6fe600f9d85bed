/** @file Random masks of blobs: no map's shape, every size. */
import { gaussianBlur, type Random } from '@ascribe/core'

/** Sides of the field's blur, as shares of the picture: from single pixels at 64 px to blobs of an eighth. */
const finest = 1 / 64
const coarsest = 1 / 8

/**
 * A mask of exactly round(area x places) ones: white noise under a Gaussian whose sigma is drawn log-uniformly from a 64th to an eighth of
 * the shorter side, cut at the quantile of the area. The noise goes on beyond the edges, so that every place is as likely as any other.
 * @returns by place, row-major
 */
export function blobMask(random: Random, height: number, width: number, area: number): Uint8Array {
  const side = Math.min(height, width)
  const sigma = side * finest * (coarsest / finest) ** random.uniform()
  const margin = Math.ceil(2 * sigma)
  const [tall, wide] = [height + 2 * margin, width + 2 * margin]
  const noise = Float32Array.from({ length: tall * wide }, () => random.normal())
  const blurred = gaussianBlur(noise, 1, tall, wide, sigma)
  const field = Float32Array.from(
    { length: height * width },
    (_, i) => blurred[(Math.floor(i / width) + margin) * wide + (i % width) + margin]!,
  )
  const count = Math.round(area * field.length)
  const mask = new Uint8Array(field.length)
  if (count === 0) return mask
  const threshold = field.slice().sort()[field.length - count]!
  // Values equal to the threshold fill up what those above it leave, so that the area is exact.
  let left = count - field.reduce((above, value) => above + (value > threshold ? 1 : 0), 0)
  field.forEach((value, place) => {
    if (value > threshold || (value === threshold && left-- > 0)) mask[place] = 1
  })
  return mask
}
