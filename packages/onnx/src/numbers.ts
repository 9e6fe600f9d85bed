/** @file Little-endian bytes to doubles and back, for every numeric element type. */
import { byteLength, type DataType, dataTypes } from './dtype.js'
import { UnsupportedModelError } from './errors.js'

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)
const uint64Max = 2n ** 64n - 1n

/** A small float with `exponent` and `mantissa` bits and IEEE rules (infinities and NaN at the top exponent). */
function smallFloat(bits: number, exponent: number, mantissa: number): number {
  const sign = bits >> (exponent + mantissa) ? -1 : 1
  const e = (bits >> mantissa) & ((1 << exponent) - 1)
  const m = bits & ((1 << mantissa) - 1)
  const bias = (1 << (exponent - 1)) - 1
  if (e === (1 << exponent) - 1) return m ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / (1 << mantissa)) * 2 ** (e - bias)
}

/** float8 e4m3 (fn: NaN at all ones; fnuz: NaN at 0x80, bias 8) and e5m2fnuz (NaN at 0x80, bias 16). */
function float8(bits: number, exponent: number, mantissa: number, bias: number, isNaN8: (bits: number) => boolean): number {
  if (isNaN8(bits)) return Number.NaN
  const sign = bits & 0x80 ? -1 : 1
  const e = (bits >> mantissa) & ((1 << exponent) - 1)
  const m = bits & ((1 << mantissa) - 1)
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / (1 << mantissa)) * 2 ** (e - bias)
}

/** Rounds a double to the nearest float16, ties to even, and gives its bits. */
function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude >= 65520) return sign | 0x7c00
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24)
  const exponent = Math.floor(Math.log2(magnitude))
  const safe = 2 ** exponent > magnitude ? exponent - 1 : exponent
  const mantissa = roundEven((magnitude / 2 ** safe - 1) * 1024)
  return sign | (((safe + 15) << 10) + mantissa)
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

/** Rounds a double to the nearest bfloat16, ties to even, and gives its bits. */
function bfloat16Bits(value: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  const bits = view.getUint32(0)
  if (Number.isNaN(value)) return 0x7fc0
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

const bfloat16 = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits << 16)
  return view.getFloat32(0)
}

const float4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
const signExtend = (value: number, bits: number): number => (value >> (bits - 1) ? value - (1 << bits) : value)

type Reader = (view: DataView, index: number) => number
type Writer = (view: DataView, index: number, value: number) => void
const packed = (view: DataView, index: number, bits: number): number => {
  const perByte = 8 / bits
  return (view.getUint8(Math.floor(index / perByte)) >> ((index % perByte) * bits)) & ((1 << bits) - 1)
}

const pack = (view: DataView, index: number, bits: number, value: number): void => {
  const perByte = 8 / bits
  const byte = Math.floor(index / perByte)
  const shift = (index % perByte) * bits
  const mask = (1 << bits) - 1
  view.setUint8(byte, (view.getUint8(byte) & ~(mask << shift)) | ((value & mask) << shift))
}

const readers: Partial<Record<DataType, Reader>> = {
  float32: (view, i) => view.getFloat32(i * 4, true),
  float64: (view, i) => view.getFloat64(i * 8, true),
  float16: (view, i) => smallFloat(view.getUint16(i * 2, true), 5, 10),
  bfloat16: (view, i) => bfloat16(view.getUint16(i * 2, true)),
  int8: (view, i) => view.getInt8(i),
  uint8: (view, i) => view.getUint8(i),
  bool: (view, i) => (view.getUint8(i) ? 1 : 0),
  int16: (view, i) => view.getInt16(i * 2, true),
  uint16: (view, i) => view.getUint16(i * 2, true),
  int32: (view, i) => view.getInt32(i * 4, true),
  uint32: (view, i) => view.getUint32(i * 4, true),
  int64: (view, i) => Number(view.getBigInt64(i * 8, true)),
  uint64: (view, i) => Number(view.getBigUint64(i * 8, true)),
  float8e4m3fn: (view, i) => float8(view.getUint8(i), 4, 3, 7, bits => (bits & 0x7f) === 0x7f),
  float8e4m3fnuz: (view, i) => float8(view.getUint8(i), 4, 3, 8, bits => bits === 0x80),
  float8e5m2: (view, i) => smallFloat(view.getUint8(i), 5, 2),
  float8e5m2fnuz: (view, i) => float8(view.getUint8(i), 5, 2, 16, bits => bits === 0x80),
  float8e8m0: (view, i) => (view.getUint8(i) === 255 ? Number.NaN : 2 ** (view.getUint8(i) - 127)),
  float4e2m1: (view, i) => {
    const bits = packed(view, i, 4)
    return (bits & 8 ? -1 : 1) * float4[bits & 7]!
  },
  int4: (view, i) => signExtend(packed(view, i, 4), 4),
  uint4: (view, i) => packed(view, i, 4),
  int2: (view, i) => signExtend(packed(view, i, 2), 2),
  uint2: (view, i) => packed(view, i, 2),
}

/** Clamped, because a double cannot hold the largest int64 that ONNX uses for "to the end". */
const toBigInt = (value: number, low: bigint, high: bigint): bigint => {
  if (value === Number.POSITIVE_INFINITY) return high
  if (value === Number.NEGATIVE_INFINITY || Number.isNaN(value)) return low
  const big = BigInt(Math.trunc(value))
  return big > high ? high : big < low ? low : big
}

const writers: Partial<Record<DataType, Writer>> = {
  float32: (view, i, v) => view.setFloat32(i * 4, v, true),
  float64: (view, i, v) => view.setFloat64(i * 8, v, true),
  float16: (view, i, v) => view.setUint16(i * 2, float16Bits(v), true),
  bfloat16: (view, i, v) => view.setUint16(i * 2, bfloat16Bits(v), true),
  int8: (view, i, v) => view.setInt8(i, v),
  uint8: (view, i, v) => view.setUint8(i, v),
  bool: (view, i, v) => view.setUint8(i, v ? 1 : 0),
  int16: (view, i, v) => view.setInt16(i * 2, v, true),
  uint16: (view, i, v) => view.setUint16(i * 2, v, true),
  int32: (view, i, v) => view.setInt32(i * 4, v, true),
  uint32: (view, i, v) => view.setUint32(i * 4, v, true),
  int64: (view, i, v) => view.setBigInt64(i * 8, toBigInt(v, int64Min, int64Max), true),
  uint64: (view, i, v) => view.setBigUint64(i * 8, toBigInt(v, 0n, uint64Max), true),
  int4: (view, i, v) => pack(view, i, 4, v),
  uint4: (view, i, v) => pack(view, i, 4, v),
  int2: (view, i, v) => pack(view, i, 2, v),
  uint2: (view, i, v) => pack(view, i, 2, v),
}

/** Reads `count` elements as doubles. Throws UnsupportedModelError for strings and complex numbers. */
export function decodeNumbers(dtype: DataType, bytes: Uint8Array, count: number): Float64Array {
  const read = readers[dtype]
  if (!read) throw new UnsupportedModelError(`elements of type ${dtype} cannot be read as numbers`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++) out[i] = read(view, i)
  return out
}

/** Writes doubles as elements of `dtype`, rounding to it. */
export function encodeNumbers(dtype: DataType, values: ArrayLike<number>): Uint8Array {
  const write = writers[dtype]
  if (!write) throw new UnsupportedModelError(`numbers cannot be written as ${dtype} (${dataTypes[dtype].bits} bits)`)
  const bytes = new Uint8Array(byteLength(dtype, values.length))
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) write(view, i, values[i]!)
  return bytes
}
