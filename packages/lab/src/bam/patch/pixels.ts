/** @file Pictures as bytes [size, size, 3] and as the planes [3, size, size] that graphs read, both in 0..255. */
import { InputError } from '@ascribe/core'

/** Masks count a pixel as object from this value on. */
const opaque = 128

/** @throws InputError where the bytes are not size x size x 3 */
export function checkPicture(pixels: Uint8Array, size: number, what: string): void {
  if (pixels.length !== size * size * 3)
    throw new InputError(`${what} holds ${pixels.length} bytes, a ${size} x ${size} RGB picture has ${size * size * 3}`)
}

/** Writes a picture's planes into `into` at `offset`. */
export function writePlanes(pixels: Uint8Array, into: Float32Array, offset = 0): void {
  const area = pixels.length / 3
  for (let i = 0; i < area; i++)
    for (let channel = 0; channel < 3; channel++) into[offset + channel * area + i] = pixels[i * 3 + channel]!
}

/** 1 where the mask is at least half opaque. */
export const binaryMask = (mask: Uint8Array): Uint8Array => Uint8Array.from(mask, value => (value >= opaque ? 1 : 0))

/** The picture plus planes scaled by `scale`, limited to 0..255 and rounded. */
export function addPlanes(pixels: Uint8Array, planes: ArrayLike<number>, scale = 1): Uint8Array {
  const area = pixels.length / 3
  const out = new Uint8Array(pixels.length)
  for (let i = 0; i < area; i++)
    for (let channel = 0; channel < 3; channel++) {
      const value = Math.round(pixels[i * 3 + channel]! + scale * planes[channel * area + i]!)
      out[i * 3 + channel] = Math.min(255, Math.max(0, value))
    }
  return out
}

/** Root mean square of the difference over the pixels and channels of the mask, in units of 255. */
export function maskedRms(a: Uint8Array, b: Uint8Array, mask: Uint8Array): number {
  let [sum, count] = [0, 0]
  mask.forEach((inside, i) => {
    if (!inside) return
    for (let at = i * 3; at < i * 3 + 3; at++) sum += (a[at]! - b[at]!) ** 2
    count += 3
  })
  return count === 0 ? 0 : Math.sqrt(sum / count) / 255
}
