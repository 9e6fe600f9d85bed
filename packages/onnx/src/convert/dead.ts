/** @file Dead nodes and unread initializers. */
import { type Graph, type Node, outerReads } from '../graph.js'

/** Without the nodes that no output needs, the initializers that nothing reads, and the types of values that are gone. */
export function removeDead(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name))
  const kept: Node[] = []
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (!node.outputs.some(name => name !== '' && needed.has(name))) continue
    for (const name of node.inputs) needed.add(name)
    for (const name of outerReads(node)) needed.add(name)
    kept.push(node)
  }
  const made = new Set(kept.flatMap(({ outputs }) => outputs))
  return graph.with({
    nodes: kept.reverse(),
    values: new Map([...graph.values].filter(([name]) => made.has(name))),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  })
}
