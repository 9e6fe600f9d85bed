/** @file The shape of a rule: how one operator passes a cotangent from its outputs to its inputs. */
import type { Attribute, DataType, Graph, Node, PlainAttributes, Tensor } from '@ascribe/onnx'

/** Which run of the graph a value is read from: the one on the input, or a second one on a baseline. */
type Stream = 'input' | 'baseline'

/** What a rule may ask and do. Values are names; shapes are static. */
export interface RuleContext {
  readonly node: Node
  readonly graph: Graph
  /** Name of an input; throws where it is omitted. */
  input(index: number): string
  /** Name of an output; throws where the node omits it. */
  output(index: number): string
  has(index: number): boolean
  /** A value of the graph in a stream: the value itself where it is the same in both. Throws MissingRuleError for a stream the walk lacks. */
  value(name: string, stream: Stream): string
  /** Leaves a tensor with a value, for the rule of the node that makes it. */
  leave(name: string, tensor: string): void
  /** What rules of later nodes left with a value. */
  left(name: string): readonly string[]
  /** True where the caller needs the gradient of this input; rules may return null for the others. */
  wants(index: number): boolean
  /** Static dimensions of a value of the graph or one emitted under `declare`; throws UnknownShapeError. */
  dims(name: string): readonly number[]
  rank(name: string): number
  dtype(name: string): DataType
  /** The constant behind a name, or undefined. */
  constant(name: string): Tensor | undefined
  /** Numbers of a constant input, undefined where omitted; throws MissingRuleError where it is computed at run time. */
  numbers(index: number): readonly number[] | undefined
  int(name: string): number | undefined
  int(name: string, fallback: number): number
  ints(name: string): readonly number[] | undefined
  float(name: string, fallback: number): number
  string(name: string, fallback: string): string
  attribute(name: string): Attribute | undefined
  /** Emits a node and gives its output's name. */
  emit(operator: string, inputs: readonly string[], attributes?: PlainAttributes): string
  emitAll(operator: string, inputs: readonly string[], outputs: number, attributes?: PlainAttributes): string[]
  /** A float constant of the dtype of `like` (default: the first output's). */
  scalar(value: number, like?: string): string
  floats(values: ArrayLike<number>, dims: readonly number[], like?: string): string
  ints64(values: readonly number[]): string
  constantTensor(tensor: Tensor): string
  /** Sums a value of dimensions `from` down to `to`, undoing broadcasting; the value itself where they are equal. */
  reduceTo(value: string, from: readonly number[], to: readonly number[]): string
  /** Reshapes to static dimensions; the value itself where `from` already equals them. */
  reshape(value: string, to: readonly number[], from?: readonly number[]): string
  /** Throws MissingRuleError that names operator and node. */
  unsupported(reason: string): never
}

/**
 * A gradient that is zero but for one block along an axis. The walk joins blocks that do not overlap into one Concat, where
 * padding each would write the whole tensor once per block.
 */
export interface Block {
  readonly value: string
  /** Dimensions of the block. */
  readonly dims: readonly number[]
  readonly axis: number
  readonly start: number
  /** Length of the axis in the whole gradient. */
  readonly size: number
}

/**
 * Gradients of a node's inputs from the cotangents of its outputs (null: nothing flows into that output).
 * Returns one entry per input, null where none flows; missing trailing entries count as null.
 */
export type Rule = (cotangents: readonly (string | null)[], context: RuleContext) => readonly (string | Block | null)[]

/** What a rule set says of an operator. */
export type RuleEntry =
  | {
      readonly kind: 'gradient'
      readonly rule: Rule
      readonly note?: string
      /** Its integer outputs carry a cotangent too, in floats (quantisation). */
      readonly straightThrough?: boolean
    }
  /** The derivative is zero almost everywhere, or the outputs are not numbers of the inputs. */
  | { readonly kind: 'zero'; readonly why: string }
  /** Rewritten into other operators before differentiation (`decompose`). */
  | { readonly kind: 'decomposed'; readonly into: string }
  /** No derivative here, and why. */
  | { readonly kind: 'none'; readonly why: string }

/** Entries by operator key (`Conv`, `com.microsoft:Gelu`). */
export type RuleTable = Readonly<Record<string, RuleEntry>>

/** Which entry holds for a node; the walk asks this and nothing else. */
export type RuleSet = (node: Node, graph: Graph) => RuleEntry | undefined

/** The commonest rule: one output, of which all inputs' gradients are computed when a cotangent is there. */
export const single = (
  rule: (cotangent: string, context: RuleContext) => readonly (string | Block | null)[],
  note?: string,
): RuleEntry => ({
  kind: 'gradient',
  rule: ([cotangent], context) => (cotangent ? rule(cotangent, context) : context.node.inputs.map(() => null)),
  ...(note === undefined ? {} : { note }),
})

/** A rule for y = f(x) elementwise: the cotangent times f'(x), given x and y. */
export const unary = (
  derivative: (cotangent: string, x: string, y: string, context: RuleContext) => string | null,
  note?: string,
): RuleEntry => single((g, context) => [derivative(g, context.input(0), context.output(0), context)], note)

type Partial1 = (cotangent: string, context: RuleContext) => string | null

/**
 * A rule for an operator that broadcasts its inputs: each function gives one input's gradient in the shape of the output,
 * and the result is summed down to that input's own shape. The last function serves all further inputs.
 */
export const broadcasting = (partials: (index: number) => Partial1, note?: string): RuleEntry =>
  single((g, context) => {
    const from = context.dims(context.output(0))
    return context.node.inputs.map((input, index) => {
      if (input === '' || !context.wants(index)) return null
      const gradient = partials(index)(g, context)
      return gradient === null ? null : context.reduceTo(gradient, from, context.dims(input))
    })
  }, note)

/** Shorthand for binary operators. */
export const binary = (left: Partial1, right: Partial1, note?: string): RuleEntry =>
  broadcasting(index => (index === 0 ? left : right), note)

export const zero = (why: string): RuleEntry => ({ kind: 'zero', why })
export const none = (why: string): RuleEntry => ({ kind: 'none', why })
export const decomposed = (into: string): RuleEntry => ({ kind: 'decomposed', into })
