/** @file The part of a graph that a network of so many layers looks at for one node. */
import type { NodeGraph } from '../data/node-graph.js'

/** A graph, or the part of it that decides one node. */
export interface Part {
  /** Nodes of the whole graph, in the part's own order. */
  readonly nodes: Int32Array
  /** Place in `nodes` of the node that is explained; undefined where the part is the whole graph. */
  readonly centre?: number
  /** Edges of the whole graph, in ascending order, and their ends among the part's nodes. */
  readonly edges: Int32Array
  readonly ends: Uint32Array
  /** Of each of the part's nodes: edges of the whole graph that are not in the part. */
  readonly outside: Float32Array
}

/** Edges at each node. */
export class Incidence {
  readonly #start: Int32Array
  readonly #edges: Int32Array

  constructor(readonly graph: Pick<NodeGraph, 'nodes' | 'ends' | 'edges'>) {
    const { nodes, ends } = graph
    this.#start = new Int32Array(nodes + 1)
    for (const node of ends) this.#start[node + 1]!++
    for (let node = 0; node < nodes; node++) this.#start[node + 1]! += this.#start[node]!
    const next = this.#start.slice()
    this.#edges = new Int32Array(ends.length)
    ends.forEach((node, i) => {
      this.#edges[next[node]!++] = i >> 1
    })
  }

  of(node: number): Int32Array {
    return this.#edges.subarray(this.#start[node]!, this.#start[node + 1]!)
  }

  degree(node: number): number {
    return this.#start[node + 1]! - this.#start[node]!
  }
}

/**
 * The edges whose messages can reach `node` in `hops` layers: those with an end within hops - 1 of it. Nodes at `hops` keep their
 * degree in the whole graph through `outside`, so that the part's answer is the whole graph's, with any of its edges deleted too.
 */
export function neighbourhood(incidence: Incidence, node: number, hops: number): Part {
  const { ends } = incidence.graph
  const place = new Map([[node, 0]])
  const found = new Set<number>()
  let frontier = [node]
  for (let hop = 0; hop < hops; hop++) {
    const next: number[] = []
    for (const at of frontier)
      for (const edge of incidence.of(at)) {
        found.add(edge)
        const other = ends[2 * edge]! === at ? ends[2 * edge + 1]! : ends[2 * edge]!
        if (place.has(other)) continue
        place.set(other, place.size)
        next.push(other)
      }
    frontier = next
  }
  const nodes = Int32Array.from(place.keys())
  const edges = Int32Array.from(found).sort()
  const own = new Uint32Array(2 * edges.length)
  const outside = Float32Array.from(nodes, at => incidence.degree(at))
  edges.forEach((edge, i) => {
    for (const end of [0, 1]) {
      const at = place.get(ends[2 * edge + end]!)!
      own[2 * i + end] = at
      outside[at]!--
    }
  })
  return { nodes, centre: 0, edges, ends: own, outside }
}

export const wholeGraph = ({ nodes, edges, ends }: NodeGraph): Part => ({
  nodes: Int32Array.from({ length: nodes }, (_, i) => i),
  edges: Int32Array.from({ length: edges }, (_, i) => i),
  ends,
  outside: new Float32Array(nodes),
})
