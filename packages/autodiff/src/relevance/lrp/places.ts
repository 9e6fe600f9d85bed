/** @file Where layers stand in a graph: which are first, which last, and what lies before them. */
import { elementCount, type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { layerOperators } from './layer.js'

/** Where one layer stands. */
export interface Place {
  /** A Gemm or MatMul, or a convolution of a single place, which computes the same. */
  readonly dense: boolean
  /** No layer lies between the graph's inputs and this one, on some way. */
  readonly first: boolean
  /** No layer lies between this one and where relevance starts, on some way. */
  readonly last: boolean
}

export interface Places {
  readonly layers: ReadonlyMap<Node, Place>
  /** Values computed from the inputs without any layer. */
  readonly stem: ReadonlySet<string>
  /** Nodes that read what relevance starts at, or anything computed from it. */
  readonly head: ReadonlySet<Node>
}

/** Layers are those operators of which one factor depends on the graph's inputs and the other does not. */
export function placesOf(graph: Graph, from: string | undefined): Places {
  const derived = new Set(graph.inputs.map(({ name }) => name))
  const stem = new Set(derived)
  const behind = new Set<string>()
  const head = new Set<Node>()
  const layers: Node[] = []
  const firsts = new Set<Node>()
  for (const node of graph.nodes) {
    const reads = node.inputs.filter(input => derived.has(input))
    if (node.inputs.some(input => input !== '' && (input === from || behind.has(input)))) {
      head.add(node)
      for (const output of node.outputs) behind.add(output)
    }
    if (reads.length === 0) continue
    const layer = isLayer(node, derived)
    if (layer) layers.push(node)
    if (layer && reads.some(input => stem.has(input))) firsts.add(node)
    for (const output of node.outputs) {
      derived.add(output)
      if (!layer && reads.every(input => stem.has(input))) stem.add(output)
    }
  }
  const lasts = lastLayers(graph, from === undefined ? graph.outputs.map(({ name }) => name) : [from], new Set(layers))
  return {
    layers: new Map(
      layers.map(node => [node, { dense: isDense(node, graph), first: firsts.has(node), last: lasts.has(node) }] as const),
    ),
    stem,
    head,
  }
}

function isLayer(node: Node, derived: ReadonlySet<string>): boolean {
  if (!layerOperators[operatorKey(node)]) return false
  return node.inputs.slice(0, 2).filter(input => derived.has(input)).length === 1
}

function isDense(node: Node, graph: Graph): boolean {
  if (!layerOperators[operatorKey(node)]!.convolution) return true
  const dims = graph.dims(node.inputs[0]!)
  return dims !== undefined && elementCount(dims.slice(2)) === 1
}

function lastLayers(graph: Graph, from: readonly string[], layers: ReadonlySet<Node>): Set<Node> {
  const open = new Set(from)
  const found = new Set<Node>()
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some(output => open.has(output))) continue
    if (layers.has(node)) found.add(node)
    else for (const input of node.inputs) open.add(input)
  }
  return found
}
