/** @file The attention of a graph: products of softmax weights with values, found by what they compute, whoever wrote them. */
import { attribute, elementCount, type Graph, type Node, operatorKey } from '@ascribe/onnx'

/** One attention: product = weights x values, weights = softmax over keys. */
export interface Attention {
  /** Tensor of the weights as they meet the values, [rows, heads, queries, keys] or [rows * heads, queries, keys]. */
  readonly weights: string
  readonly values: string
  readonly product: string
  /** Of one row. */
  readonly heads: number
  readonly queries: number
  readonly keys: number
  /** Windows (or other groups of tokens) of one row that attend apart from each other; 1 where every token can see every other. */
  readonly windows: number
}

interface Span {
  /** Values that count as inputs. */
  readonly at: readonly string[]
  readonly output: string
  /** Rows of the graph. */
  readonly rows: number
}

/** Operators that hand weights on as they are, up to axes before the last two. */
const passing: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Dropout',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Expand',
  'Where',
])

/** Attention between the tensors `at` and the output, in graph order. Fused operators must have been taken apart. */
export function findAttention(graph: Graph, { at, output, rows }: Span): Attention[] {
  const reached = reachedFrom(graph, at)
  const leading = leadingTo(graph, output)
  return graph.nodes.flatMap(node => {
    const product = node.outputs[0]!
    const operands = leading.has(product) ? operandsOf(node) : undefined
    if (!operands) return []
    const { weights, values } = operands
    const dims = graph.dims(weights)
    if (!dims || dims.length < 3 || !reached.has(values) || !isSoftmax(graph, weights, dims)) return []
    const groups = elementCount(dims.slice(0, -2)) / rows
    const heads = dims.length === 3 ? groups : dims.at(-3)!
    return [{ weights, values, product, heads, windows: groups / heads, queries: dims.at(-2)!, keys: dims.at(-1)! }]
  })
}

/** Every value that depends on one of `from` other than through a value in `without`, and these. */
export function reachedFrom(
  graph: Graph,
  from: readonly string[],
  without: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const reached = new Set(from)
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some(name => reached.has(name))) for (const name of outputs) if (!without.has(name)) reached.add(name)
  return reached
}

/** Every value that `output` depends on, and `output`. */
export function leadingTo(graph: Graph, output: string): ReadonlySet<string> {
  const leading = new Set([output])
  for (const { inputs, outputs } of [...graph.nodes].reverse())
    if (outputs.some(name => leading.has(name))) for (const name of inputs) leading.add(name)
  return leading
}

/** Which operand holds weights [..., queries, keys], and which values that keys are summed over. */
function operandsOf(node: Node): { weights: string; values: string } | undefined {
  const [a, b] = node.inputs as [string, string]
  if (operatorKey(node) === 'MatMul') return { weights: a, values: b }
  if (operatorKey(node) !== 'Einsum' || node.inputs.length !== 2) return undefined
  const [terms, result] = attribute(node, 'equation', 'string', '').replaceAll(' ', '').split('->')
  const [left, right] = terms!.split(',')
  const sums = (weights: string, values: string): boolean =>
    result !== undefined &&
    values.includes(weights.at(-1)!) &&
    !result.includes(weights.at(-1)!) &&
    result.includes(weights.at(-2)!)
  if (sums(left!, right!) && !right!.includes(left!.at(-2)!)) return { weights: a, values: b }
  return sums(right!, left!) && !left!.includes(right!.at(-2)!) ? { weights: b, values: a } : undefined
}

/** Whether a value is a softmax over its last axis, seen through what changes neither it nor its last two axes. */
function isSoftmax(graph: Graph, name: string, dims: readonly number[]): boolean {
  const node = graph.producer(name)
  const own = graph.dims(name)
  if (!node || !own || own.at(-1) !== dims.at(-1) || own.at(-2) !== dims.at(-2)) return false
  if (operatorKey(node) === 'Softmax') {
    const axis = attribute(node, 'axis', 'int', -1)
    return axis === -1 || axis === own.length - 1
  }
  // Where: zeros in place of rows that may see nothing.
  return passing.has(operatorKey(node)) && node.inputs.some(input => isSoftmax(graph, input, dims))
}
