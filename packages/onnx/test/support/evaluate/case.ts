/** @file The shape of one line in the evaluator's test tables, and the inputs it is written with. */
import type { DataType, NdArray, PlainAttributes } from '../../../src/index.js'
import { elementCount, ndarray } from '../../../src/index.js'
import { decodeNumbers, encodeNumbers } from '../../../src/numbers.js'

type Random = () => number

/** Makes an input from a seeded generator of numbers in [0, 1). */
export interface Given {
  (random: Random): NdArray
  /** Part of the model instead of fed. */
  readonly constant?: boolean
}

export interface CaseOptions {
  /** How many outputs to ask for and compare; default 1. */
  readonly outputs?: number
  /** ai.onnx opset of the ONNX Runtime model where 21 lacks the operator. */
  readonly opset?: number
  /** Hand-computed outputs, for what ONNX Runtime's CPU provider cannot run; `why` says so. */
  readonly expected?: readonly { readonly dims: readonly number[]; readonly data: readonly number[] }[]
  readonly why?: string
  /** Largest difference relative to the largest value, where the kernel itself is coarser than 1e-5; `why` says why. */
  readonly tolerance?: number
}

export type Case = readonly [
  operator: string,
  inputs: readonly (Given | undefined)[],
  attributes?: PlainAttributes,
  options?: CaseOptions,
]

/** As the element type stores them. */
const stored = (dtype: DataType, values: ArrayLike<number>): Float64Array =>
  decodeNumbers(dtype, encodeNumbers(dtype, values), values.length)

/** These values. */
export const v =
  (dtype: DataType, dims: readonly number[], values: readonly number[]): Given =>
  () =>
    ndarray(dims, stored(dtype, values), dtype)

/** Uniform float32 values. */
export const f = (dims: readonly number[], low = -2, high = 2): Given => real('float32', dims, low, high)

export const real =
  (dtype: DataType, dims: readonly number[], low = -2, high = 2): Given =>
  random =>
    ndarray(
      dims,
      stored(
        dtype,
        Float64Array.from({ length: elementCount(dims) }, () => low + (high - low) * random()),
      ),
      dtype,
    )

/** Uniform integers in [low, high). */
export const r =
  (dtype: DataType, dims: readonly number[], low: number, high: number): Given =>
  random =>
    ndarray(
      dims,
      Float64Array.from({ length: elementCount(dims) }, () => low + Math.floor((high - low) * random())),
      dtype,
    )

/** Random int64 values in [low, high). */
export const i = (dims: readonly number[], low: number, high: number): Given => r('int64', dims, low, high)

/** Random booleans. */
export const b = (dims: readonly number[]): Given => r('bool', dims, 0, 2)

/** A one-dimensional int64 input: shapes, axes. */
export const ints = (...values: number[]): Given => v('int64', [values.length], values)

/** A float32 vector. */
export const floats = (...values: number[]): Given => v('float32', [values.length], values)

/** A permutation of 0, 1, 2, ... as floats: no ties. */
export const distinct =
  (dims: readonly number[]): Given =>
  random => {
    const keys = Float64Array.from({ length: elementCount(dims) }, random)
    const order = Array.from(keys.keys()).sort((x, y) => keys[x]! - keys[y]!)
    return ndarray(dims, order)
  }

export const constant = (given: Given): Given => Object.assign((random: Random) => given(random), { constant: true })
