/** @file Explanations of single nodes and their scores: one cell per node. */
import { createHash } from 'node:crypto'
import { Random } from '@ascribe/core'
import { sampled } from '../../../order.js'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Explainer, Subject } from '../explainers/explainer.js'
import { type NodeScores, nodeMasks, nodeScores } from '../metrics/fidelity.js'
import { rankedEdges, rocAuc } from '../metrics/ranking.js'
import { largestAt } from '../models/answers.js'
import { logitsUnder } from '../models/masked.js'
import type { Subjects } from './subjects.js'

const version = '1'
const stream = 41
/** Nodes with fewer edges to explain are left out: 5% of them would be none. */
const fewestEdges = 5

export interface MethodValue {
  readonly scores: NodeScores
  /** ROC AUC against the motif's edges; null where there is no motif. */
  readonly roc: number | null
  readonly cost: { readonly forwards: number; readonly gradients: number }
}

export interface NodeValue {
  readonly node: number
  readonly label: number
  readonly predicted: number
  /** Edges that are ranked. */
  readonly edges: number
  /** The node's motif, how many of its edges are among them, and whether the prediction changes without them. */
  readonly motif: { readonly number: number; readonly edges: number; readonly flips: boolean } | null
  /** By explainer; null where it is not made for so many edges. */
  readonly methods: Readonly<Record<string, MethodValue | null>>
}

/** Nodes that are explained: of the test split, those in motifs where there are any, with enough edges around them. */
export function explainedNodes(graph: NodeGraph, subjects: Subjects, count: number, seed: number): number[] {
  const { test } = graph.splits
  const inside = graph.motifs ? test.filter(node => graph.motifs!.ofNode[node]! >= 0) : test
  const order = sampled(inside.length, inside.length, new Random(seed, stream)).map(at => inside[at]!)
  const found: number[] = []
  for (const node of order) {
    if (found.length === count) break
    if (subjects.part(node).edges.length >= fewestEdges) found.push(node)
  }
  return found
}

export interface NodeStage {
  readonly graph: NodeGraph
  readonly subjects: Subjects
  /** Of the network's file, and of what PGExplainer learned. */
  readonly digest: string
  readonly learned: string
  readonly explainers: readonly Explainer[]
  readonly nodes: readonly number[]
  readonly seed: number
}

export function nodeCell({ graph, subjects, digest, learned, explainers, seed }: NodeStage, node: number): Cell {
  const edges = subjects.part(node).edges.length
  const costs = explainers.map(({ cost }) => cost(edges))
  const sum = (name: 'forwards' | 'gradients'): number => costs.reduce((total, cost) => total + cost[name], 0)
  return makeCell(
    {
      kind: 'node',
      version,
      model: digest,
      sample: `${graph.digest}:${node}`,
      seed,
      options: { explainers: explainers.map(({ name }) => name), learned },
    },
    { cost: { forwards: sum('forwards') + 41 * explainers.length, gradients: sum('gradients') } },
  )
}

export const nodeWork =
  (stage: NodeStage, nodeOf: ReadonlyMap<string, number>): Work<NodeValue> =>
  async ({ key }, { signal, progress }) => {
    const { graph, subjects, explainers, seed } = stage
    const node = nodeOf.get(key)!
    const { subject, dispose } = subjects.node(node)
    try {
      const edges = subject.part.edges.length
      const own = motifEdges(graph, subject, node)
      const everything = new Float32Array(edges).fill(1)
      const [full, without] = await logitsUnder(
        subject.model,
        [everything, Float32Array.from(own, inside => (inside ? 0 : 1))],
        signal,
      )
      const classes = graph.classes.length
      const predicted = largestAt(full!, 0, classes)
      const methods: Record<string, MethodValue | null> = {}
      for (const [at, explainer] of explainers.entries()) {
        methods[explainer.name] = await scoreOf(explainer, subject, own, full!, { seed: seed + node, signal })
        progress((at + 1) / explainers.length)
      }
      const motif = graph.motifs?.ofNode[node] ?? -1
      const count = own.reduce((sum, inside) => sum + inside, 0)
      return {
        value: {
          node,
          label: graph.labels[node]!,
          predicted,
          edges,
          motif: motif < 0 ? null : { number: motif, edges: count, flips: largestAt(without!, 0, classes) !== predicted },
          methods,
        },
      }
    } finally {
      await dispose()
    }
  }

/** 1 for the edges of the node's own motif. */
function motifEdges({ motifs }: NodeGraph, { part }: Subject, node: number): Uint8Array {
  const motif = motifs?.ofNode[node] ?? -1
  return Uint8Array.from(part.edges, edge => (motif >= 0 && motifs!.ofEdge[edge] === motif ? 1 : 0))
}

async function scoreOf(
  explainer: Explainer,
  subject: Subject,
  own: Uint8Array,
  full: Float32Array,
  context: { readonly seed: number; readonly signal: AbortSignal },
): Promise<MethodValue | null> {
  const found = await explainer.explain(subject, context)
  if (!found) return null
  const logits = await logitsUnder(subject.model, nodeMasks(rankedEdges(found.scores, found.order)), context.signal)
  const roc = rocAuc(found.order ? Float64Array.from(found.order, place => -place) : found.scores, own)
  return { scores: nodeScores(logits, full), roc: Number.isNaN(roc) ? null : roc, cost: found.cost }
}

/** Of a JSON value, for identities. */
export const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
