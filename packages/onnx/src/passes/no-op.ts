/** @file Operators that pass their first input on unchanged, and when. */
import { attribute } from '../attributes.js'
import { dataTypeOfCode } from '../dtype.js'
import type { Node, ValueType } from '../graph.js'
import type { Tensor } from '../tensor.js'

export interface NoOpContext {
  readonly node: Node
  type(name: string): ValueType | undefined
  constant(name: string): Tensor | undefined
  /** True where something reads the value. */
  used(name: string): boolean
}

type NoOp = (context: NoOpContext) => boolean

const sameShape: NoOp = ({ node, type }) => {
  const [from, to] = [type(node.inputs[0]!)?.shape, type(node.outputs[0]!)?.shape]
  return !!from && !!to && from.length === to.length && from.every((dim, i) => dim !== null && dim === to[i])
}

/** A dropout without its training input is in inference mode. */
const dropout: NoOp = ({ node, constant, used }) => {
  if (node.outputs[1] && used(node.outputs[1])) return false
  const training = node.inputs[2]
  return !training || constant(training)?.scalar() === 0
}

const noOps: Readonly<Record<string, NoOp>> = {
  Identity: () => true,
  Dropout: dropout,
  Cast: ({ node, type }) => type(node.inputs[0]!)?.dtype === dataTypeOfCode(attribute(node, 'to', 'int', 1)),
  CastLike: ({ node, type }) => {
    const dtype = type(node.inputs[0]!)?.dtype
    return dtype !== undefined && dtype === type(node.inputs[1]!)?.dtype
  },
  Concat: ({ node }) => node.inputs.length === 1,
  Expand: sameShape,
  Reshape: sameShape,
  Transpose: ({ node }) => attribute(node, 'perm', 'ints')?.every((axis, i) => axis === i) ?? false,
  Pad: ({ node, constant }) =>
    constant(node.inputs[1] ?? '')
      ?.numbers()
      .every(pad => pad === 0) ?? false,
}

/** True where the node's first output is its first input. */
export function isNoOp(context: NoOpContext): boolean {
  const { node } = context
  return node.domain === '' && Object.hasOwn(noOps, node.operator) && !!node.inputs[0] && noOps[node.operator]!(context)
}
