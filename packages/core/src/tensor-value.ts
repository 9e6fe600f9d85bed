/** @file Tensors as they pass in and out of a runtime: typed arrays with dimensions. */

/** Element types a runtime takes and gives; 64-bit integers are BigInt arrays, booleans bytes. */
interface TensorValueData {
  float32: Float32Array
  float64: Float64Array
  int8: Int8Array
  uint8: Uint8Array
  int16: Int16Array
  uint16: Uint16Array
  int32: Int32Array
  uint32: Uint32Array
  int64: BigInt64Array
  uint64: BigUint64Array
  bool: Uint8Array
}

export type ValueDataType = keyof TensorValueData

export interface TensorValue<T extends ValueDataType = ValueDataType> {
  readonly dtype: T
  readonly dims: readonly number[]
  readonly data: TensorValueData[T]
}

/** Values by input or output name. */
export type TensorValues = Readonly<Record<string, TensorValue>>

/** Shorthand for the commonest value. */
export const float32 = (dims: readonly number[], data: ArrayLike<number>): TensorValue<'float32'> => ({
  dtype: 'float32',
  dims,
  data: data instanceof Float32Array ? data : Float32Array.from(data),
})

/** The same row several times over, in an array of the same type. */
export function repeated<A extends TensorValue['data']>(row: A, rows: number): A {
  const out = new (row.constructor as new (length: number) => A)(row.length * rows)
  for (let i = 0; i < rows; i++) (out as Float32Array).set(row as Float32Array, i * row.length)
  return out
}

/** Smallest and largest of some values. */
export function extent(values: Iterable<number>): readonly [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return [low, high]
}
