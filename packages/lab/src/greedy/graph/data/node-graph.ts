/** @file One graph whose nodes are classified: what the studies on graphs read. */
import { createHash } from 'node:crypto'
import { InputError, Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'

export type Split = 'train' | 'validation' | 'test'

/** Why nodes have their classes, where the data were made: motifs, and the edges inside each. */
interface Motifs {
  /** Of each node, -1 outside of motifs. */
  readonly ofNode: Int32Array
  /** Of each edge: the motif whose own edge it is, else -1. */
  readonly ofEdge: Int32Array
}

export interface NodeGraph {
  readonly name: string
  readonly nodes: number
  readonly columns: number
  /** [nodes, columns] */
  readonly features: Float32Array
  readonly labels: Int32Array
  readonly classes: readonly string[]
  /** Ends of edge e at 2 e and 2 e + 1: every edge once, no loops, in an order that tells nothing. */
  readonly ends: Uint32Array
  readonly edges: number
  readonly splits: Readonly<Record<Split, Int32Array>>
  readonly motifs?: Motifs
  /** The nodes' values tell nothing but that they are there: networks are given degrees, counted in the edges' weights. */
  readonly structural: boolean
  /** SHA-256 of all of this. */
  readonly digest: string
}

/** One edge as it was read or made; with the motif whose own edge it is. */
export type Edge = readonly [from: number, to: number, motif?: number]

export interface GraphParts {
  readonly name: string
  readonly columns: number
  readonly features: Float32Array
  readonly labels: ArrayLike<number>
  readonly classes: readonly string[]
  readonly edges: Iterable<Edge>
  readonly splits: Readonly<Record<Split, ArrayLike<number>>>
  /** Motif of each node, -1 for none. */
  readonly motifs?: ArrayLike<number>
  readonly structural?: boolean
}

/** Stream of the order of edges. */
const orderStream = 77

/**
 * Checks the parts, joins both directions of an edge and leaves loops out. Edges are put in a seeded random order, so that ties between them,
 * which go by number, favour none.
 * @throws InputError for edges, labels or splits that name nodes or classes that there are not
 */
export function nodeGraph(parts: GraphParts): NodeGraph {
  const { name, columns, features, classes } = parts
  const labels = Int32Array.from(parts.labels)
  const nodes = labels.length
  if (features.length !== nodes * columns)
    throw new InputError(`${name}: ${features.length} values for ${nodes} nodes of ${columns} columns`)
  const wrong = labels.find(label => label < 0 || label >= classes.length)
  if (wrong !== undefined) throw new InputError(`${name}: class ${wrong} of a node; there are ${classes.length} classes`)
  const unique = new Map<number, Edge>()
  for (const [from, to, motif = -1] of parts.edges) {
    if (!(from >= 0 && from < nodes && to >= 0 && to < nodes))
      throw new InputError(`${name}: an edge from node ${from} to ${to}; there are ${nodes} nodes`)
    if (from === to) continue
    const key = Math.min(from, to) * nodes + Math.max(from, to)
    if ((unique.get(key)?.[2] ?? -1) < 0) unique.set(key, [Math.min(from, to), Math.max(from, to), motif])
  }
  const listed = [...unique.entries()].sort(([a], [b]) => a - b).map(([, edge]) => edge)
  const order = shuffled(listed.length, new Random(0, orderStream))
  const ends = new Uint32Array(2 * listed.length)
  const ofEdge = new Int32Array(listed.length)
  order.forEach((at, edge) => {
    const [from, to, motif] = listed[at]!
    ends.set([from, to], 2 * edge)
    ofEdge[edge] = motif!
  })
  const splits = Object.fromEntries(
    (['train', 'validation', 'test'] as const).map(split => [split, Int32Array.from(parts.splits[split])]),
  ) as Record<Split, Int32Array>
  for (const [split, members] of Object.entries(splits)) {
    const bad = members.find(node => !(node >= 0 && node < nodes))
    if (bad !== undefined) throw new InputError(`${name}: node ${bad} in the ${split} split; there are ${nodes} nodes`)
  }
  const structural = parts.structural ?? false
  const ofNode = parts.motifs && Int32Array.from(parts.motifs)
  const hash = createHash('sha256').update(JSON.stringify([name, columns, classes, structural]))
  for (const array of [features, labels, ends, ofEdge, ...Object.values(splits)])
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return {
    name,
    nodes,
    columns,
    features,
    labels,
    classes,
    ends,
    edges: listed.length,
    splits,
    ...(ofNode ? { motifs: { ofNode, ofEdge } } : {}),
    structural,
    digest: hash.digest('hex'),
  }
}

/** The same graph with these edges alone: what is trained anew after a compression. */
export function keepingEdges(graph: NodeGraph, kept: ArrayLike<number>): NodeGraph {
  const edges = Array.from(kept, edge => [graph.ends[2 * edge]!, graph.ends[2 * edge + 1]!] as const)
  const { name, columns, features, labels, classes, splits, structural } = graph
  return nodeGraph({ name, columns, features, labels, classes, edges, splits, structural })
}
