/** @file Networks of one architecture on one graph, from several training seeds, looked at together. */
import { listedOrder } from '../explainers/index.js'
import type { Values } from './compare.js'
import type { CompressionMeasure, NodeMeasure } from './measures.js'
import type { NodeValue } from './node-stage.js'
import type { GraphScores } from './study.js'

export interface Group {
  readonly graph: GraphScores['graph']
  readonly architecture: string
  /** One per training seed, in order. */
  readonly networks: readonly GraphScores[]
}

export function groupsOf(scores: readonly GraphScores[]): Group[] {
  const groups = new Map<string, GraphScores[]>()
  for (const one of scores) {
    const key = JSON.stringify([one.graph.name, one.architecture])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map(networks => ({
    graph: networks[0]!.graph,
    architecture: networks[0]!.architecture,
    networks,
  }))
}

export interface NodeTable {
  readonly methods: readonly string[]
  /** Nodes of one motif are one source: they share their edges. */
  readonly sources: readonly number[]
  readonly valuesOf: (method: string, measure: NodeMeasure) => Values
  /** Mean gradients per explanation. */
  readonly gradientsOf: (method: string) => number
}

/** The nodes that every network of the group has explained. */
export function nodeTable({ networks }: Group): NodeTable {
  const found = networks.map(({ nodes }) => new Map(nodes.map(value => [value.node, value])))
  const shared = networks[0]!.nodes.filter(({ node }) => found.every(one => one.has(node)))
  const all: NodeValue[][] = found.map(one => shared.map(({ node }) => one.get(node)!))
  const costs = (method: string): number[] =>
    all.flat().flatMap(({ methods }) => (methods[method] ? [methods[method].cost.gradients] : []))
  return {
    methods: shared.length === 0 ? [] : listedOrder(Object.keys(shared[0]!.methods)),
    sources: shared.map(({ motif, node }) => (motif ? -1 - motif.number : node)),
    valuesOf: (method, { of }) => all.map(nodes => nodes.map(({ methods }) => (methods[method] ? of(methods[method]) : null))),
    gradientsOf: method => costs(method).reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs(method).length),
  }
}

/** Methods that every network of the group was compressed by, and their numbers on every test node. */
export function compressionTable({ networks }: Group) {
  const [first] = networks
  const methods = [...first!.compression.keys()].filter(method => networks.every(({ compression }) => compression.has(method)))
  return {
    methods,
    sources: [...first!.graph.splits.test],
    valuesOf: (method: string, { of }: CompressionMeasure): Values =>
      networks.map(({ compression }) => of(compression.get(method)!)),
    gradientsOf: (method: string): number => first!.compression.get(method)!.cost.gradients,
  }
}
