/** @file Removes what no output depends on. */
import { type Graph, outerReads } from '../graph.js'

/**
 * The graph without nodes, initializers and value types that no output depends on. Inputs stay.
 * @param wanted keep what these values depend on, beside the outputs
 */
export function prune(graph: Graph, wanted: Iterable<string> = []): Graph {
  const live = new Set<string>([...graph.outputs.map(({ name }) => name), ...wanted])
  const nodes = []
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (!node.outputs.some(name => name !== '' && live.has(name))) continue
    nodes.push(node)
    for (const name of node.inputs) live.add(name)
    for (const name of outerReads(node)) live.add(name)
  }
  nodes.reverse()
  const made = new Set(nodes.flatMap(node => node.outputs))
  const initializers = new Map([...graph.initializers].filter(([name]) => live.has(name)))
  const values = new Map([...graph.values].filter(([name]) => made.has(name)))
  return graph.with({ nodes, initializers, values })
}
