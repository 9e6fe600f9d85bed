/**
 * @file Large arrays between caller and child through one nameless file that both hold open: two plain copies each way, where a
 * message is copied, split and put together again (4.8 MB each way: 5 ms against 19).
 */
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Smaller arrays travel in the message. */
const shareFrom = 64 * 1024
/** A larger file is emptied after use, so that one large run does not hold memory for ever. */
const keepUpTo = 64 * 2 ** 20

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

/** A file that has no name any more and is gone with its last holder; undefined where the system has no such thing. */
export function openExchange() {
  if (process.platform === 'win32') return undefined
  for (const folder of ['/dev/shm', tmpdir()]) {
    const path = join(folder, `ascribe-${process.pid}-${Math.random().toString(36).slice(2)}`)
    try {
      const file = openSync(path, 'wx+', 0o600)
      rmSync(path)
      return file
    } catch {
      // The next folder, or messages alone.
    }
  }
  return undefined
}

/** @param {number | undefined} file */
export function closeExchange(file) {
  if (file !== undefined) closeSync(file)
}

/** Puts large arrays into the file; what does not fit there (no file, disk full) stays in the message. */
export function pack(values, file) {
  const packed = {}
  let position = 0
  for (const [name, value] of Object.entries(values)) {
    packed[name] = value
    const { dtype, dims, data } = value
    if (file === undefined || !ArrayBuffer.isView(data) || data.byteLength < shareFrom) continue
    try {
      for (let done = 0; done < data.byteLength; ) done += writeSync(file, data, done, data.byteLength - done, position + done)
    } catch {
      continue
    }
    packed[name] = { dtype, dims, position, length: data.length }
    position += data.byteLength
  }
  return packed
}

/** The inverse of `pack`. @throws Error where the file ends early */
export function unpack(packed, file) {
  const values = {}
  let end = 0
  for (const [name, value] of Object.entries(packed)) {
    values[name] = value
    if (value.position === undefined) continue
    const { dtype, dims, position, length } = value
    const data = new arrays[dtype](length)
    for (let done = 0; done < data.byteLength; ) {
      const count = readSync(file, data, done, data.byteLength - done, position + done)
      if (count === 0) throw new Error(`the exchange file ends inside "${name}"`)
      done += count
    }
    values[name] = { dtype, dims, data }
    end = position + data.byteLength
  }
  if (end > keepUpTo) ftruncateSync(file)
  return values
}
