/** @file The numbers of numpy arrays, from their bytes. */

/** Ends the reading with a message. */
export type Fail = (what: string) => never

interface ElementReader {
  readonly size: number
  readonly read: (view: DataView, at: number, little: boolean) => number
}

/** By numpy's kind and size; 64-bit integers become numbers. */
export const elementReaders: Readonly<Record<string, ElementReader>> = {
  b1: { size: 1, read: (view, at) => view.getUint8(at) },
  i1: { size: 1, read: (view, at) => view.getInt8(at) },
  u1: { size: 1, read: (view, at) => view.getUint8(at) },
  i2: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  i4: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  i8: { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  f4: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
}

/** `count` numbers from a byte string with one character per byte. */
export function valuesOf(text: string, kind: string, bigEndian: boolean, count: number, fail: Fail): Float64Array {
  const { size, read } = elementReaders[kind]!
  if (text.length !== size * count) fail(`an array of ${count} numbers of ${size} bytes in ${text.length} bytes`)
  const bytes = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  const view = new DataView(bytes.buffer)
  return Float64Array.from({ length: count }, (_, i) => read(view, i * size, !bigEndian))
}
