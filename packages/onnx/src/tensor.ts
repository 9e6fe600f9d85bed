/** @file A constant tensor: type, dimensions and little-endian bytes, which are a view on the user's file wherever possible. */
import { byteLength, type DataType } from './dtype.js'
import { decodeNumbers, encodeNumbers } from './numbers.js'

/** Where a tensor's bytes lie inside the user's own files, so that a written graph can refer to them. */
export interface Origin {
  /** Path relative to the model's folder. */
  readonly location: string
  readonly offset: number
  readonly length: number
}

/** Number of elements of a tensor with these dimensions. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

export class Tensor {
  #bytes: Uint8Array | undefined
  readonly #load: (() => Uint8Array) | undefined

  /**
   * @param bytes little-endian elements, or a function that fetches them when first needed (external data)
   * @param strings the elements of a string tensor, which has no bytes
   */
  constructor(
    readonly dtype: DataType,
    readonly dims: readonly number[],
    bytes: Uint8Array | (() => Uint8Array),
    readonly origin?: Origin,
    readonly strings?: readonly string[],
  ) {
    if (typeof bytes === 'function') this.#load = bytes
    else this.#bytes = bytes
  }

  /** Little-endian bytes; external data is fetched on first use. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#load!()
    return this.#bytes
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.dims)
  }

  /** Number of bytes the elements take, without fetching them. */
  get byteLength(): number {
    return byteLength(this.dtype, this.size)
  }

  /** The elements as doubles (64-bit integers beyond 2^53 are rounded; booleans are 0 and 1). */
  numbers(): Float64Array {
    return decodeNumbers(this.dtype, this.bytes, this.size)
  }

  /** The only element as a double. */
  scalar(): number {
    return this.numbers()[0]!
  }

  /** The same bytes under other dimensions. */
  reshaped(dims: readonly number[]): Tensor {
    return new Tensor(this.dtype, dims, this.#bytes ?? (() => this.bytes), this.origin, this.strings)
  }

  /** A tensor of any numeric type from doubles, rounded to that type. */
  static from(dtype: DataType, dims: readonly number[], values: ArrayLike<number>): Tensor {
    return new Tensor(dtype, dims, encodeNumbers(dtype, values))
  }

  static float32(dims: readonly number[], values: ArrayLike<number>): Tensor {
    return Tensor.from('float32', dims, values)
  }

  /** A one-dimensional int64 tensor: shapes, axes, indices. */
  static ints(values: readonly number[]): Tensor {
    return Tensor.from('int64', [values.length], values)
  }

  static strings(dims: readonly number[], values: readonly string[]): Tensor {
    return new Tensor('string', dims, new Uint8Array(0), undefined, values)
  }
}
