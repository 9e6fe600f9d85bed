/** @file The shape of a shape rule: input types in, output types out, with the contents of small integer tensors along the way. */
import type { Attribute } from '../attributes.js'
import type { DataType } from '../dtype.js'
import type { Dimension, Graph, Node, Shape, ValueType } from '../graph.js'
import type { Tensor } from '../tensor.js'

/** Contents of tensors beyond this many elements are not followed. */
export const maxElements = 1024
/** The same for floats: scales of a shape are that small, weights are not and stay unread. */
export const maxFloatElements = 64

/** An output's type; `elements` are its contents where they are known, perhaps in terms of symbolic dimensions (shape arithmetic). */
export interface ShapeResult extends ValueType {
  readonly elements?: readonly Dimension[]
  /** Set where the output is a constant tensor as it stands. */
  readonly tensor?: Tensor
}

/** What a shape rule may ask. Every question about an omitted input gives undefined or null. */
export interface ShapeContext {
  readonly node: Node
  /** Number of inputs, counting omitted ones. */
  readonly inputCount: number
  readonly outputCount: number
  has(index: number): boolean
  type(index: number): ValueType | undefined
  /** Dimensions of an input, or null where not even its rank is known. */
  shape(index: number): Shape | null
  /** Element type of an input; throws ShapeError where the input is missing. Where it is unknown, the node's outputs are left unknown. */
  dtype(index: number): DataType
  /** Known contents of a small input (row-major), perhaps symbolic: integers, booleans as 0 and 1, floats used in shape arithmetic. */
  elements(index: number): readonly Dimension[] | undefined
  /** Contents of an input where every one is a number. */
  numbers(index: number): readonly number[] | undefined
  /** The constant behind an input, where it is one. */
  tensor(index: number): Tensor | undefined
  int(name: string): number | undefined
  int(name: string, fallback: number): number
  ints(name: string): readonly number[] | undefined
  float(name: string, fallback: number): number
  string(name: string, fallback: string): string
  attribute(name: string): Attribute | undefined
  /** Output types of a subgraph, given its input types; names of the outer graph are visible to it. */
  subgraph(graph: Graph, inputs: readonly ShapeResult[]): readonly ShapeResult[]
  /** Throws ShapeError that names the operator, the node, and its inputs with their shapes. */
  fail(message: string): never
}

/** One result per output; undefined where nothing can be said. */
export type ShapeRule = (context: ShapeContext) => readonly (ShapeResult | undefined)[]

/** By operator key (`Conv`, `com.microsoft:FusedMatMul`). */
export type ShapeRules = Readonly<Record<string, ShapeRule>>
