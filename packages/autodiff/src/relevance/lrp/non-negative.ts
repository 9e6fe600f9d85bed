/** @file Which values can never be below zero: rules that split by sign need half the work there. */
import { type Graph, type Node, operatorKey } from '@ascribe/onnx'

const all = (node: Node, of: (name: string) => boolean): boolean => node.inputs.every(of)
const first = (node: Node, of: (name: string) => boolean): boolean => of(node.inputs[0]!)
const always = (): boolean => true

/** By operator key, whether its result is never negative, given which of its inputs are not. */
const keeping: Readonly<Record<string, (node: Node, of: (name: string) => boolean, graph: Graph) => boolean>> = {
  Relu: always,
  Sigmoid: always,
  HardSigmoid: always,
  Softmax: always,
  Softplus: always,
  Clip: (node, _, graph) => {
    const low = node.inputs[1] ? graph.initializers.get(node.inputs[1]) : undefined
    return low !== undefined && Array.from(low.numbers()).every(value => value >= 0)
  },
  Add: all,
  Mul: all,
  Concat: all,
  MaxPool: first,
  AveragePool: first,
  GlobalAveragePool: first,
  GlobalMaxPool: first,
  ReduceMean: first,
  Reshape: first,
  Flatten: first,
  Squeeze: first,
  Unsqueeze: first,
  Transpose: first,
  Identity: first,
  Dropout: first,
}

/** Steps back at most; what is not known by then counts as signed. */
const reach = 12

/** True where a value is known to be at least zero everywhere. */
export function nonNegative(graph: Graph, name: string, steps = reach): boolean {
  const node = graph.producer(name)
  if (!node || steps === 0) return false
  return keeping[operatorKey(node)]?.(node, input => nonNegative(graph, input, steps - 1), graph) ?? false
}
