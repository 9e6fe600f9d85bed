/** @file Graphs made so that it is known which edges decide a node's class: motifs hung on a base graph. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import { binaryTree, cycle, grid, house, type Links, type Motif, preferentialAttachment } from './motifs.js'
import { type Edge, type NodeGraph, nodeGraph } from './node-graph.js'

/** Purposes of the seed. */
const streams = { base: 1, places: 2, extra: 3, splits: 4, features: 5, second: 100 } as const

/** One column of ones would do; ten are usual. */
const constantColumns = 10

interface Plan {
  readonly baseNodes: number
  readonly base: (random: Random) => Links
  readonly motif: Motif
  readonly motifs: number
  /** Random edges between any two nodes, as a share of the nodes. */
  readonly extra: number
}

interface Planted {
  readonly nodes: number
  readonly edges: Edge[]
  readonly roles: number[]
  readonly motifs: number[]
}

/** Motif k is joined to a random base node by one edge from its node 0; nodes of the base have role 0, those of motifs 1 and up. */
function planted({ baseNodes, base, motif, motifs, extra }: Plan, seed: number, stream = 0): Planted {
  const edges: Edge[] = base(new Random(seed, stream + streams.base)).map(([a, b]) => [a, b] as const)
  const roles = new Array<number>(baseNodes).fill(0)
  const ofNode = new Array<number>(baseNodes).fill(-1)
  const places = new Random(seed, stream + streams.places)
  for (let k = 0; k < motifs; k++) {
    const start = roles.length
    for (const [a, b] of motif.links) edges.push([start + a, start + b, k])
    edges.push([start, places.integer(baseNodes)])
    for (const role of motif.roles) {
      roles.push(role + 1)
      ofNode.push(k)
    }
  }
  const random = new Random(seed, stream + streams.extra)
  const nodes = roles.length
  for (let k = 0; k < Math.round(extra * nodes); k++) edges.push([random.integer(nodes), random.integer(nodes)])
  return { nodes, edges, roles, motifs: ofNode }
}

/** 60% of the nodes to train on, 20% to choose by, 20% to test on. */
function splitsOf(nodes: number, seed: number) {
  const order = shuffled(nodes, new Random(seed, streams.splits))
  const [first, second] = [Math.round(0.6 * nodes), Math.round(0.8 * nodes)]
  return { train: order.subarray(0, first), validation: order.subarray(first, second), test: order.subarray(second) }
}

function structural(name: string, plan: Plan, classes: readonly string[], seed: number): NodeGraph {
  const { nodes, edges, roles, motifs } = planted(plan, seed)
  return nodeGraph({
    name,
    columns: constantColumns,
    features: new Float32Array(nodes * constantColumns).fill(1),
    labels: roles,
    classes,
    edges,
    splits: splitsOf(nodes, seed),
    motifs,
    structural: true,
  })
}

/** How large: 1 is the size in the literature, smaller ones are for tests. */
type Make = (seed: number, scale: number) => NodeGraph

const scaled = (count: number, scale: number): number => Math.max(6, Math.round(count * scale))
const houses = (scale: number): Plan => ({
  baseNodes: scaled(300, scale),
  base: random => preferentialAttachment(scaled(300, scale), 5, random),
  motif: house,
  motifs: scaled(80, scale),
  extra: 0.1,
})
const houseRoles = ['base', 'under the roof', 'ground', 'roof'] as const

/** Levels of the tree below its root. */
const heightOf = (scale: number): number => Math.max(3, Math.round(8 + Math.log2(scale)))
const onTree = (motif: Motif, motifs: number, extra: number, scale: number): Plan => ({
  baseNodes: 2 ** (heightOf(scale) + 1) - 1,
  base: () => binaryTree(heightOf(scale)),
  motif,
  motifs: scaled(motifs, scale),
  extra,
})

/** Two graphs as BA-shapes, joined by random edges; ten columns N(-1, 0.5) in the one and N(1, 0.5) in the other. */
const communities: Make = (seed, scale) => {
  const parts = [planted(houses(scale), seed), planted(houses(scale), seed, streams.second)] as const
  const [first] = parts
  const shift = first.nodes
  const motifs = Math.max(...first.motifs) + 1
  const between = new Random(seed, streams.second + streams.extra + 1)
  const joints = Array.from(
    { length: Math.round(shift / 2) },
    (): Edge => [between.integer(shift), shift + between.integer(parts[1].nodes)],
  )
  const moved = parts[1].edges.map(([a, b, motif = -1]): Edge => [a + shift, b + shift, motif < 0 ? -1 : motif + motifs])
  const nodes = shift + parts[1].nodes
  const noise = new Random(seed, streams.features)
  return nodeGraph({
    name: 'ba-community',
    columns: constantColumns,
    features: Float32Array.from(
      { length: nodes * constantColumns },
      (_, i) => (i < shift * constantColumns ? -1 : 1) + 0.5 * noise.normal(),
    ),
    labels: [...first.roles, ...parts[1].roles.map(role => role + houseRoles.length)],
    classes: [1, 2].flatMap(community => houseRoles.map(role => `${role} ${community}`)),
    edges: [...first.edges, ...moved, ...joints],
    splits: splitsOf(nodes, seed),
    motifs: [...first.motifs, ...parts[1].motifs.map(motif => (motif < 0 ? -1 : motif + motifs))],
    structural: true,
  })
}

/** Base graphs, motifs and sizes as in Ying et al., GNNExplainer, NeurIPS 2019; splits, attachment and the degree column are our choice. */
export const generatedGraphs: Readonly<Record<string, Make>> = {
  'ba-shapes': (seed, scale) => structural('ba-shapes', houses(scale), houseRoles, seed),
  'ba-community': communities,
  'tree-cycles': (seed, scale) => structural('tree-cycles', onTree(cycle(6), 60, 0.01, scale), ['tree', 'cycle'], seed),
  'tree-grid': (seed, scale) => structural('tree-grid', onTree(grid(3), 80, 0.1, scale), ['tree', 'grid'], seed),
}
