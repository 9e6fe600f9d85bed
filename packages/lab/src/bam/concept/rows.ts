/** @file Model inputs one after the other, as the concept method takes them. */
import { InputError, type Preprocessing, pictureToTensor } from '@ascribe/core'
import { checkPicture } from '../patch/pixels.js'

export interface Rows {
  /** Dimensions of one row, with a leading 1. */
  readonly dims: readonly number[]
  readonly data: Float32Array
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

export const rowCount = ({ dims, data }: Rows): number => data.length / sizeOf(dims)

/** Row `index`, as a view. */
export function rowAt({ dims, data }: Rows, index: number): Float32Array {
  const size = sizeOf(dims)
  return data.subarray(index * size, (index + 1) * size)
}

/**
 * The model inputs of pictures [size, size, 3] that already have the model's size.
 * @throws InputError where the pictures differ in size
 */
export function pictureRows(pictures: readonly Uint8Array[], size: number, preprocessing: Preprocessing): Rows {
  const tensors = pictures.map((pixels, index) => {
    checkPicture(pixels, size, `picture ${index}`)
    const data = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length)
    return pictureToTensor({ width: size, height: size, channels: 3, data }, preprocessing)
  })
  const first = tensors[0]
  if (!first) throw new InputError('no pictures')
  const data = new Float32Array(first.data.length * tensors.length)
  tensors.forEach((tensor, index) => {
    data.set(tensor.data, index * first.data.length)
  })
  return { dims: first.dims, data }
}
