/** @file Constant folding: nodes whose values are known become initializers. */
import type { Graph } from '../graph.js'

export function foldConstants(graph: Graph): Graph {
  return graph
}
