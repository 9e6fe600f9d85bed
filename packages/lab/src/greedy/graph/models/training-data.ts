/** @file A graph as data that the lab trains on. */
import type { TrainingData } from '../../../train/data.js'
import type { NodeGraph, Split } from '../data/node-graph.js'

/** [2, 2 edges]: every edge in both directions, the first half as listed. */
export function bothDirections(ends: ArrayLike<number>): BigInt64Array {
  const edges = ends.length / 2
  const both = new BigInt64Array(4 * edges)
  for (let edge = 0; edge < edges; edge++) {
    const [from, to] = [BigInt(ends[2 * edge]!), BigInt(ends[2 * edge + 1]!)]
    both[edge] = both[3 * edges + edge] = from
    both[edges + edge] = both[2 * edges + edge] = to
  }
  return both
}

/** All nodes in every step; those of the training split have weight 1. After every epoch the nodes of the split `tested` are looked at. */
export function graphTrainingData(graph: NodeGraph, stepsPerEpoch: number, tested: Split = 'validation'): TrainingData {
  const { name, classes, columns, nodes, splits, features, labels, digest } = graph
  const weights = new Uint8Array(nodes)
  for (const node of splits.train) weights[node] = 1
  const row = (node: number) => ({
    values: features.subarray(node * columns, (node + 1) * columns),
    label: labels[node]!,
    weight: weights[node]!,
  })
  return {
    name,
    classes,
    row: [columns],
    count: nodes,
    validationCount: splits[tested].length,
    digest,
    training: (_, node) => row(node),
    validation: index => row(splits[tested][index]!),
    graph: {
      edges: bothDirections(graph.ends),
      learned: splits.train.length,
      present: Uint32Array.from(features.keys()).filter(at => features[at] !== 0),
      validation: splits[tested],
      steps: stepsPerEpoch,
    },
  }
}
