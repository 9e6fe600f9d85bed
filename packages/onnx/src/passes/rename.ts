/** @file Renaming what nodes read and make, into their subgraphs. */
import type { Attribute } from '../attributes.js'
import { type Graph, type Node, subgraphs } from '../graph.js'

type Rename = (name: string) => string

const mapped = (names: readonly string[], rename: Rename): readonly string[] => {
  const out = names.map(name => (name === '' ? '' : rename(name)))
  return out.some((name, i) => name !== names[i]) ? out : names
}

/** The node with other graphs in its attributes; the node itself where none changes. */
export function mapSubgraphs(node: Node, change: (graph: Graph) => Graph): Node {
  if (subgraphs(node).length === 0) return node
  let changed = false
  const swap = (graph: Graph): Graph => {
    const next = change(graph)
    changed ||= next !== graph
    return next
  }
  const attributes: Record<string, Attribute> = {}
  for (const [name, held] of Object.entries(node.attributes)) {
    if (held.kind === 'graph') attributes[name] = { kind: 'graph', value: swap(held.value) }
    else if (held.kind === 'graphs') attributes[name] = { kind: 'graphs', value: held.value.map(swap) }
    else attributes[name] = held
  }
  return changed ? { ...node, attributes } : node
}

/** What the graph reads from outside, renamed; names of its own are left alone. */
function renameOuter(graph: Graph, rename: Rename): Graph {
  const own = graph.names()
  const outer: Rename = name => (own.has(name) ? name : rename(name))
  const nodes = graph.nodes.map(node => renameReads(node, outer))
  const outputs = graph.outputs.map(port => ({ ...port, name: outer(port.name) }))
  const same =
    nodes.every((node, i) => node === graph.nodes[i]) && outputs.every((port, i) => port.name === graph.outputs[i]!.name)
  return same ? graph : graph.with({ nodes, outputs })
}

/** The node with its inputs renamed, and what its subgraphs read from around them. */
export function renameReads(node: Node, rename: Rename): Node {
  const inputs = mapped(node.inputs, rename)
  const inner = mapSubgraphs(node, graph => renameOuter(graph, rename))
  return inputs === node.inputs ? inner : { ...inner, inputs }
}

/** The node with reads and outputs renamed. */
export function renameNode(node: Node, rename: Rename): Node {
  const renamed = renameReads(node, rename)
  return { ...renamed, outputs: mapped(renamed.outputs, rename) }
}
