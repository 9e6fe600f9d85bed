/** @file Picture files as the square RGB samples that models are trained on. */
import { centerCrop, InputError, resize, toRgb } from '@ascribe/core'
import { readPicture } from '@ascribe/core/node'

/** True for the names of picture files; hidden files are none. */
export const isPictureName = (name: string): boolean => /^[^.].*\.(jpe?g|png|webp|gif|tiff?|avif)$/i.test(name)

/**
 * Decodes a picture, resizes its shorter side to `size` (bilinear, antialiased) and takes the middle: [size, size, 3], 0..255.
 *
 * @throws InputError naming the file where it is damaged or no picture
 */
export async function squarePicture(path: string, size: number): Promise<Uint8Array> {
  const picture = toRgb(await readPicture(path))
  const { width, height } = picture
  const shorter = Math.min(width, height)
  if (shorter < 1) throw new InputError(`${path}: the picture has no pixels`)
  const fitted = resize(picture, Math.floor((size * height) / shorter), Math.floor((size * width) / shorter), 'bilinear')
  return centerCrop(fitted, size, size).data as Uint8Array
}
