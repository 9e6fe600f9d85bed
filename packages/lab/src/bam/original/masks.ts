/** @file val_mask: the objects' masks, each the size of the object's crop from its photo. */
import { InputError, readNpy } from '@ascribe/core'
import { type ByteArray, readPickledArrays } from './pickle.js'

export interface CropMask {
  readonly height: number
  readonly width: number
  /** [height, width] of 0 and 1. */
  readonly data: Uint8Array
}

/**
 * Reads a .npy file that holds a list of masks: a pickled array of arrays of unequal size, or one array [masks, height, width] where
 * all happen to be of one size.
 *
 * @throws InputError naming the file
 */
export function readMasks(bytes: Uint8Array, name: string): CropMask[] {
  return listed(bytes, name).map(({ dims, data }, i) => {
    const [height = 0, width = 0] = dims
    if (dims.length !== 2 || height < 1 || width < 1)
      throw new InputError(`${name}, mask ${i}: has shape [${dims}], not [height, width]`)
    if (data.some(value => value > 1)) throw new InputError(`${name}, mask ${i}: has values other than 0 and 1`)
    return { height, width, data }
  })
}

function listed(bytes: Uint8Array, name: string): ByteArray[] {
  const isLong = bytes[6] !== 1
  const start = isLong ? 12 : 10
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isNpy = bytes.length > 12 && new TextDecoder('latin1').decode(bytes.subarray(1, 6)) === 'NUMPY'
  if (!isNpy) throw new InputError(`${name}: not a NumPy file`)
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true)
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length))
  if (/'descr':\s*'\|?O'/.test(header)) return readPickledArrays(bytes.subarray(start + length), name)
  const { dtype, dims, data } = readNpy(bytes, name)
  if ((dtype !== 'uint8' && dtype !== 'bool') || dims.length !== 3) throw new InputError(`${name}: does not hold masks`)
  const [count = 0, height = 0, width = 0] = dims
  return Array.from({ length: count }, (_, i) => {
    return { dims: [height, width], data: (data as Uint8Array).subarray(i * height * width, (i + 1) * height * width) }
  })
}
