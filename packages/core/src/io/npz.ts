/** @file NumPy's .npz format: a zip archive of .npy files, one per name. */
import { unzipSync, type Zippable, zipSync } from 'fflate'
import { InputError } from '../errors.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { readNpy, writeNpy } from './npy.js'

/** Most bytes an archive may unpack to, against archives made to fill the memory. */
const unpackedLimit = 8 * 2 ** 30

/** Date of every entry, so that equal values give equal bytes. */
const entryDate = new Date(1980, 0, 1)

/**
 * Reads a .npz archive, stored or deflated, into tensors by key (`input.npy` in the archive is key `input`), in the archive's order.
 *
 * @param name what to call the file in errors
 * @throws InputError where the archive is damaged, empty, or an entry is not a readable .npy file (the message names the entry)
 */
export function readNpz(bytes: Uint8Array, name = 'archive'): TensorValues {
  let unpacked = 0
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes, {
      filter: file => {
        unpacked += file.originalSize
        if (unpacked > unpackedLimit) throw new InputError(`${name}: unpacks to more than ${unpackedLimit / 2 ** 30} GiB`)
        return !file.name.endsWith('/')
      },
    })
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    throw new InputError(`${name}: not a .npz file, or damaged (${(cause as Error).message})`, { cause })
  }
  const tensors: Record<string, TensorValue> = Object.create(null)
  for (const [entry, content] of Object.entries(entries))
    tensors[entry.replace(/\.npy$/, '')] = readNpy(content, `${name} [${entry}]`)
  if (Object.keys(tensors).length === 0) throw new InputError(`${name}: the archive holds no array`)
  return tensors
}

/** Writes tensors as a .npz archive, uncompressed like NumPy's `savez` or deflated (`compress`). Equal tensors give equal bytes. */
export function writeNpz(tensors: TensorValues, options: { compress?: boolean } = {}): Uint8Array {
  const entries: Zippable = {}
  for (const [key, value] of Object.entries(tensors)) entries[`${key}.npy`] = writeNpy(value)
  return zipSync(entries, { level: options.compress ? 6 : 0, mtime: entryDate })
}
