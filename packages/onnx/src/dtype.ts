/** @file Element types: ONNX's numbering, sizes, and how each is read as doubles. */

export type DataType =
  | 'float32'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'string'
  | 'bool'
  | 'float16'
  | 'float64'
  | 'uint32'
  | 'uint64'
  | 'complex64'
  | 'complex128'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'uint4'
  | 'int4'
  | 'float4e2m1'
  | 'float8e8m0'
  | 'uint2'
  | 'int2'

/** Code in TensorProto.DataType and bits per element (0 for strings). */
export const dataTypes: Readonly<Record<DataType, { code: number; bits: number }>> = {
  float32: { code: 1, bits: 32 },
  uint8: { code: 2, bits: 8 },
  int8: { code: 3, bits: 8 },
  uint16: { code: 4, bits: 16 },
  int16: { code: 5, bits: 16 },
  int32: { code: 6, bits: 32 },
  int64: { code: 7, bits: 64 },
  string: { code: 8, bits: 0 },
  bool: { code: 9, bits: 8 },
  float16: { code: 10, bits: 16 },
  float64: { code: 11, bits: 64 },
  uint32: { code: 12, bits: 32 },
  uint64: { code: 13, bits: 64 },
  complex64: { code: 14, bits: 64 },
  complex128: { code: 15, bits: 128 },
  bfloat16: { code: 16, bits: 16 },
  float8e4m3fn: { code: 17, bits: 8 },
  float8e4m3fnuz: { code: 18, bits: 8 },
  float8e5m2: { code: 19, bits: 8 },
  float8e5m2fnuz: { code: 20, bits: 8 },
  uint4: { code: 21, bits: 4 },
  int4: { code: 22, bits: 4 },
  float4e2m1: { code: 23, bits: 4 },
  float8e8m0: { code: 24, bits: 8 },
  uint2: { code: 25, bits: 2 },
  int2: { code: 26, bits: 2 },
}

const byCode = new Map(Object.entries(dataTypes).map(([name, { code }]) => [code, name as DataType]))

/** The type with this code in TensorProto.DataType, or undefined where there is none. */
export const dataTypeOfCode = (code: number): DataType | undefined => byCode.get(code)

const floating: ReadonlySet<DataType> = new Set<DataType>(['float32', 'float64', 'float16', 'bfloat16'])

/** True for the types that can carry a gradient: float16, bfloat16, float32, float64. */
export const isFloat = (dtype: DataType): boolean => floating.has(dtype)

/** Bytes that `count` elements take; sub-byte types are packed. */
export const byteLength = (dtype: DataType, count: number): number => Math.ceil((count * dataTypes[dtype].bits) / 8)
