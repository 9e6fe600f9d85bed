/** @file Partitions of graphs: nodes, and edges with both of their directions. */
import { UsageError } from '../errors.js'
import { tokens } from './regular.js'
import type { SegmentKind, SegmentSource } from './segments.js'

/** The ends of every edge, where a model input [2, edges] of integers lists as many as the tensor has values. */
function edgeEnds({ name, data, row = {} }: SegmentSource): readonly (readonly [number, number])[] | undefined {
  for (const [other, value] of Object.entries(row)) {
    if (other === name || !/^u?int/.test(value.dtype) || value.dims.length !== 2) continue
    if (value.dims[0] !== 2 || value.dims[1] !== data.length) continue
    const count = data.length
    return Array.from({ length: count }, (_, i) => [Number(value.data[i]), Number(value.data[count + i])] as const)
  }
  return undefined
}

/** Of an adjacency matrix [N, N] or [1, N, N]: the ends of every element. */
function adjacencyEnds({ dims, data }: SegmentSource): readonly (readonly [number, number])[] | undefined {
  const size = dims.at(-1)!
  if (size * size !== data.length || dims.at(-2) !== size) return undefined
  return Array.from(data, (_, i) => [Math.floor(i / size), i % size] as const)
}

/** One feature for an edge and its opposite; -1 for loops, and for elements of a matrix that is zero in both directions. */
function edgeLabels(source: SegmentSource): Int32Array | undefined {
  const listed = edgeEnds(source)
  const ends = listed ?? adjacencyEnds(source)
  if (!ends) return undefined
  const key = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`)
  const present = new Set(ends.filter((_, i) => listed || source.data[i] !== 0).map(([a, b]) => key(a, b)))
  const numbers = new Map([...present].map((name, i) => [name, i]))
  return Int32Array.from(ends, ([a, b]) => (a === b ? -1 : (numbers.get(key(a, b)) ?? -1)))
}

export const nodes: SegmentKind = { ...tokens, summary: 'one per node of a graph: the rows of [nodes, features]' }

export const edges: SegmentKind = {
  summary:
    'one per edge of a graph, both directions together, loops left out: weights [edges] beside an input [2, edges], or [N, N]',
  parameters: [],
  make: source => {
    const labels = edgeLabels(source)
    if (labels) return labels
    throw new UsageError(
      `segments "edges": "${source.name}" [${source.dims}] holds no edges; explain the edge weights alone (--at), beside an integer input [2, edges], or an adjacency matrix; nodes and edges together are segments "graph"`,
    )
  },
}

/** Edges where a tensor has them, nodes elsewhere. */
export const graph: SegmentKind = {
  summary: 'edges of tensors that hold edges, nodes of the others',
  parameters: [],
  make: source => edgeLabels(source) ?? nodes.make(source, []),
}
