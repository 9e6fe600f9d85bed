/** @file Pictures and masks as PNG files, exact both ways. */
import { InputError } from '@ascribe/core'
import { readBytes, readPicture } from '@ascribe/core/node'
import sharp from 'sharp'

/** [size, size, 3] as a PNG. */
export const encodePicture = (pixels: Uint8Array, size: number): Promise<Uint8Array> =>
  sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer()

/** [size, size] as an 8-bit grey PNG. */
export const encodeMask = (mask: Uint8Array, size: number): Promise<Uint8Array> =>
  sharp(mask, { raw: { width: size, height: size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()

const checkSize = (path: string, found: { width: number; height: number }, size: number): void => {
  if (found.width !== size || found.height !== size)
    throw new InputError(`${path}: ${found.width} x ${found.height} pixels where the data set has ${size} x ${size}`)
}

/** @throws InputError naming the file where it is missing, damaged or of another size */
export async function readSquarePicture(path: string, size: number): Promise<Uint8Array> {
  const picture = await readPicture(path)
  checkSize(path, picture, size)
  if (picture.channels !== 3) throw new InputError(`${path}: not an RGB picture`)
  return picture.data as Uint8Array
}

/** @throws InputError naming the file where it is missing, damaged, of another size or not grey */
export async function readMask(path: string, size: number): Promise<Uint8Array> {
  const bytes = await readBytes(path)
  let raw: { data: Uint8Array; info: { width: number; height: number; channels: number } }
  try {
    raw = await sharp(bytes, { failOn: 'error' })
      .toColourspace('b-w')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
  } catch (cause) {
    throw new InputError(`${path}: the mask is damaged (${String((cause as Error).message).split('\n')[0]})`, { cause })
  }
  checkSize(path, raw.info, size)
  if (raw.info.channels !== 1) throw new InputError(`${path}: a mask has one channel, this picture has ${raw.info.channels}`)
  return new Uint8Array(raw.data.buffer, raw.data.byteOffset, raw.data.length)
}
