/** @file Arrays of the reference evaluator: every numeric type as doubles, row-major. */
import type { DataType } from '../dtype.js'
import type { Graph, Node } from '../graph.js'
import { elementCount, Tensor } from '../tensor.js'

/** Integers and booleans are doubles too; float32 results are not rounded. */
export interface NdArray {
  readonly dtype: DataType
  readonly dims: readonly number[]
  readonly data: Float64Array
}

/** What an operator's evaluation may ask beside its inputs. */
export interface EvaluateContext {
  readonly node: Node
  /** Evaluates a subgraph (If, Loop, Scan) with values for its inputs; it sees the outer graph's values. */
  subgraph(graph: Graph, inputs: readonly NdArray[]): NdArray[]
}

/** Computes a node's outputs, in order. Omitted inputs are undefined. */
export type OperatorEvaluation = (inputs: readonly (NdArray | undefined)[], context: EvaluateContext) => NdArray[]

/** By operator key. */
export type OperatorEvaluations = Readonly<Record<string, OperatorEvaluation>>

export const ndarray = (dims: readonly number[], data: ArrayLike<number>, dtype: DataType = 'float32'): NdArray => ({
  dtype,
  dims,
  data: data instanceof Float64Array ? data : Float64Array.from(data),
})

export const zeros = (dims: readonly number[], dtype: DataType = 'float32'): NdArray =>
  ndarray(dims, new Float64Array(elementCount(dims)), dtype)

export const fromTensor = (tensor: Tensor): NdArray => ({ dtype: tensor.dtype, dims: tensor.dims, data: tensor.numbers() })

/** Rounds to the array's element type. */
export const toTensor = (array: NdArray): Tensor => Tensor.from(array.dtype, array.dims, array.data)
