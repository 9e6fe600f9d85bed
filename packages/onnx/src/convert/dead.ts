/** @file Dead nodes and unread initializers. */
import { type Graph, type Node, outerReads } from '../graph.js'

/** Without the nodes that no output needs and the initializers that nothing reads. */
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
  return graph.with({
    nodes: kept.reverse(),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  })
}
