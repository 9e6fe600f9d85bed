/** @file What a network answers on the whole graph: logits of every node, and the values that its last layer reads. */
import { InputError, prepare } from '@ascribe/core'
import type { NodeGraph } from '../data/node-graph.js'
import { graphInputs, type OpenNetwork } from './trained.js'

export interface GraphAnswers {
  /** [nodes, classes] */
  readonly logits: Float32Array
  /** [nodes, width]: each node as the last layer sees it. */
  readonly embeddings: Float32Array
  readonly width: number
  readonly predicted: Int32Array
  /** Share of the test nodes that are answered with their class. */
  readonly accuracy: number
}

/** The value that the last layer multiplies with its weights. */
function lastInput({ whole, depth }: OpenNetwork): string {
  const prefix = `convolution${depth}.`
  const node = whole.graph.nodes.find(
    ({ operator, inputs }) => operator === 'MatMul' && inputs.some(name => name.startsWith(prefix)),
  )
  if (!node) throw new InputError(`${whole.name}: its last layer is not found; train it again`)
  return node.inputs[0]!
}

/** Index of the largest of `count` values from `start`; the first of equal ones. */
export function largestAt(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i
  return best
}

export async function answersOf(network: OpenNetwork, graph: NodeGraph, signal?: AbortSignal): Promise<GraphAnswers> {
  const inputs = graphInputs(graph)
  const name = lastInput(network)
  const evaluator = await prepare(network.whole, inputs, {
    at: ['edge_weight'],
    target: '0/predicted',
    ...(signal && { signal }),
  })
  let [logits, embeddings] = [new Float32Array(0), new Float32Array(0)]
  await evaluator.sweepValues(
    ['logits', name],
    1,
    () => evaluator.point,
    (_, values) => {
      logits = Float32Array.from(values['logits']!)
      embeddings = Float32Array.from(values[name]!)
    },
  )
  const classes = graph.classes.length
  const predicted = Int32Array.from({ length: graph.nodes }, (_, node) => largestAt(logits, node * classes, classes))
  const { test } = graph.splits
  return {
    logits,
    embeddings,
    width: embeddings.length / graph.nodes,
    predicted,
    accuracy: test.reduce((sum, node) => sum + (predicted[node] === graph.labels[node] ? 1 : 0), 0) / test.length,
  }
}
