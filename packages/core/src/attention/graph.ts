/** @file Attention over the edges of a graph: coefficients that add up to 1 over the edges that enter a node, found by what they compute. */
import { attribute, elementCount, type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { leadingTo } from './find.js'

/** Coefficient of edge e in one head: terms[e] / totals[node that e enters]. */
export interface EdgeAttention {
  /** Exponentials of scores, [edges, heads] behind axes of one; loops that the model adds may follow the edges. */
  readonly terms: string
  /** Their sums at each node, [nodes, heads]. */
  readonly sums: string
  /** What terms are divided by, [nodes, heads]: the sums, and what the node itself or a stabiliser adds. */
  readonly totals: string
}

/** A softmax over the neighbours of each node, as a matrix [..., nodes, nodes]. */
export interface DenseAttention {
  readonly weights: string
  readonly nodes: number
  readonly heads: number
}

/** Operators that hand values on, up to axes of one and the order in memory. */
const reshaping: ReadonlySet<string> = new Set(['Cast', 'Dropout', 'Expand', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze'])

/** Operators between sums at nodes and the divisor: they pick nodes of edges, or add something to keep from zero. */
const adding: ReadonlySet<string> = new Set(['Add', 'Clip', 'Max'])
const picking: ReadonlySet<string> = new Set(['Gather', 'GatherElements', 'GatherND'])

const isSum = (node: Node): boolean =>
  (operatorKey(node) === 'ScatterElements' || operatorKey(node) === 'ScatterND') &&
  attribute(node, 'reduction', 'string', 'none') === 'add'

/** Whether a value is an exponential, or a product with one. */
function isExponential(graph: Graph, name: string): boolean {
  const node = graph.producer(name)
  if (!node) return false
  const key = operatorKey(node)
  if (key === 'Exp') return true
  if (key === 'Mul') return node.inputs.some(input => isExponential(graph, input))
  return reshaping.has(key) && isExponential(graph, node.inputs[0]!)
}

/** The scatters of exponentials that a divisor is made from, and its value at nodes: before edges pick theirs. */
function divisorOf(graph: Graph, name: string, atNodes = name): { node: Node; totals: string } | undefined {
  const node = graph.producer(name)
  if (!node) return undefined
  if (isSum(node)) return isExponential(graph, node.inputs[2]!) ? { node, totals: atNodes } : undefined
  const key = operatorKey(node)
  if (picking.has(key)) return divisorOf(graph, node.inputs[0]!, node.inputs[0]!)
  if (reshaping.has(key)) return divisorOf(graph, node.inputs[0]!, atNodes)
  if (!adding.has(key)) return undefined
  for (const input of node.inputs) {
    const found = divisorOf(graph, input, atNodes)
    if (found) return found
  }
  return undefined
}

/** Attention over edges that leads to the output, in graph order: exponentials, scattered to the nodes that edges enter, as divisors. */
export function findEdgeAttention(graph: Graph, output: string): EdgeAttention[] {
  const leading = leadingTo(graph, output)
  const found = new Map<string, EdgeAttention>()
  for (const node of graph.nodes) {
    const key = operatorKey(node)
    if ((key !== 'Div' && key !== 'Reciprocal') || !leading.has(node.outputs[0]!)) continue
    const divisor = divisorOf(graph, node.inputs.at(-1)!)
    if (!divisor) continue
    const terms = divisor.node.inputs[2]!
    if (!found.has(terms)) found.set(terms, { terms, sums: divisor.node.outputs[0]!, totals: divisor.totals })
  }
  return [...found.values()]
}

/** Softmax over matrices of `nodes` x `nodes` that leads to the output, in graph order. */
export function findDenseAttention(graph: Graph, output: string, nodes: number): DenseAttention[] {
  const leading = leadingTo(graph, output)
  return graph.nodes.flatMap(node => {
    const weights = node.outputs[0]!
    const dims = graph.dims(weights)
    if (operatorKey(node) !== 'Softmax' || !leading.has(weights) || !dims || dims.length < 2) return []
    const axis = attribute(node, 'axis', 'int', -1)
    if (dims.at(-1) !== nodes || dims.at(-2) !== nodes || (axis !== -1 && axis !== dims.length - 1)) return []
    return [{ weights, nodes, heads: elementCount(dims) / nodes ** 2 }]
  })
}
