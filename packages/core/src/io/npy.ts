/** @file NumPy's .npy format, versions 1 to 3: one array with its type and shape. */
import { InputError } from '../errors.js'
import type { TensorValue, ValueDataType } from '../tensor-value.js'
import { widenHalf } from './half.js'

type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

interface Stored {
  readonly dtype: ValueDataType
  readonly bytes: number
  /** Reads elements that are already little-endian and aligned. */
  readonly view: (buffer: ArrayBuffer) => NumericArray
}

/** Kind and size as they stand in `descr` after the byte-order mark. */
const stored: Readonly<Record<string, Stored>> = {
  f2: { dtype: 'float32', bytes: 2, view: b => widenHalf(new Uint16Array(b)) },
  f4: { dtype: 'float32', bytes: 4, view: b => new Float32Array(b) },
  f8: { dtype: 'float64', bytes: 8, view: b => new Float64Array(b) },
  i1: { dtype: 'int8', bytes: 1, view: b => new Int8Array(b) },
  i2: { dtype: 'int16', bytes: 2, view: b => new Int16Array(b) },
  i4: { dtype: 'int32', bytes: 4, view: b => new Int32Array(b) },
  i8: { dtype: 'int64', bytes: 8, view: b => new BigInt64Array(b) },
  u1: { dtype: 'uint8', bytes: 1, view: b => new Uint8Array(b) },
  u2: { dtype: 'uint16', bytes: 2, view: b => new Uint16Array(b) },
  u4: { dtype: 'uint32', bytes: 4, view: b => new Uint32Array(b) },
  u8: { dtype: 'uint64', bytes: 8, view: b => new BigUint64Array(b) },
  b1: { dtype: 'bool', bytes: 1, view: b => new Uint8Array(b).map(byte => (byte ? 1 : 0)) },
}

const described: Readonly<Record<ValueDataType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  bool: '|b1',
}

const kindNames: Readonly<Record<string, string>> = {
  O: 'Python objects',
  U: 'text',
  S: 'byte strings',
  a: 'byte strings',
  c: 'complex numbers',
  V: 'raw records',
  M: 'dates',
  m: 'time spans',
  f: 'floats of an unusual size',
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/**
 * Reads a .npy file (format 1.0, 2.0 or 3.0; any byte order; C or Fortran order) into a fresh row-major array.
 * float16 is widened to float32 (exact), booleans become bytes 0 and 1.
 *
 * @param name what to call the file in errors
 * @throws InputError where the bytes are not .npy, are cut short or too long, or hold no plain numbers
 */
export function readNpy(bytes: Uint8Array, name = 'array'): TensorValue {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) throw new InputError(`${name}: not a .npy file`)
  const major = bytes[6]!
  if (major < 1 || major > 3) throw new InputError(`${name}: .npy format version ${major} is not known (1 to 3 are)`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = major === 1 ? 10 : 12
  const length = major === 1 ? view.getUint16(8, true) : bytes.length >= 12 ? view.getUint32(8, true) : Number.POSITIVE_INFINITY
  if (start + length > bytes.length) throw new InputError(`${name}: the .npy header is cut short`)
  const header = new TextDecoder().decode(bytes.subarray(start, start + length))
  const { format, bigEndian, fortran, dims } = parseHeader(header, name)
  const count = dims.reduce((product, dim) => product * dim, 1)
  const body = bytes.subarray(start + length)
  if (body.length !== count * format.bytes)
    throw new InputError(
      `${name}: shape [${dims}] needs ${count * format.bytes} bytes of data, the file holds ${body.length}; it is cut short or damaged`,
    )
  const copy = new Uint8Array(body)
  if (bigEndian && format.bytes > 1) reverseElements(copy, format.bytes)
  const data = format.view(copy.buffer)
  return { dtype: format.dtype, dims, data: fortran && dims.length > 1 ? rowMajor(data, dims) : data } as TensorValue
}

/** Writes a tensor as .npy 1.0, little-endian, row-major; the bytes depend on nothing but the tensor. */
export function writeNpy(value: TensorValue): Uint8Array {
  const shape = value.dims.length === 1 ? `(${value.dims[0]},)` : `(${value.dims.join(', ')})`
  const text = `{'descr': '${described[value.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`
  // The data starts at a multiple of 64, as NumPy writes it, so that the file can be mapped into memory.
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64
  const header = `${text.padEnd(padded - 11)}\n`
  const { buffer, byteOffset, byteLength } = value.data
  const out = new Uint8Array(padded + byteLength)
  out.set(magic)
  out[6] = 1
  new DataView(out.buffer).setUint16(8, header.length, true)
  out.set(new TextEncoder().encode(header), 10)
  out.set(new Uint8Array(buffer, byteOffset, byteLength), padded)
  return out
}

function parseHeader(header: string, name: string): { format: Stored; bigEndian: boolean; fortran: boolean; dims: number[] } {
  if (/['"]descr['"]\s*:\s*\[/.test(header))
    throw new InputError(`${name}: holds records with several fields; save one array of numbers`)
  const descr = /['"]descr['"]\s*:\s*['"]([<>|=]?)([a-zA-Z])(\d*)[^'"]*['"]/.exec(header)
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header)
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(header)
  if (!descr || !order || !shape) throw new InputError(`${name}: the .npy header cannot be read`)
  const [, mark, kind, size] = descr
  const format = stored[`${kind}${size}`]
  if (!format)
    throw new InputError(
      `${name}: holds ${kindNames[kind!] ?? 'values'} (${kind}${size}); ascribe reads bool, integers and float16 to float64`,
    )
  const dims = (shape[1]!.match(/\d+/g) ?? []).map(Number)
  return { format, bigEndian: mark === '>', fortran: order[1] === 'True', dims }
}

function reverseElements(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse()
}

/** The elements of a column-major array in row-major order. */
function rowMajor(data: NumericArray, dims: readonly number[]): NumericArray {
  const out = data.slice()
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((product, dim) => product * dim, 1))
  const index = dims.map(() => 0)
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < dims[axis]!) break
      from -= strides[axis]! * dims[axis]!
      index[axis] = 0
    }
  }
  return out
}
