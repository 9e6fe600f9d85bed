/** @file Explanations of single nodes and their scores: one cell per node. */
import { createHash } from 'node:crypto'
import { Random } from '@ascribe/core'
import { sampled } from '../../../order.js'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Explainer, Subject } from '../explainers/explainer.js'
import { largestAt } from '../models/answers.js'
import type { TrainedNetwork } from '../models/explanation-model.js'
import { logitsUnder } from '../models/masked.js'
import { donorOf } from './mask-only.js'
import { type MethodValue, type NodeTask, scoreOf } from './method-value.js'
import type { Instead, Subjects } from './subjects.js'

const version = '2'
const stream = 41
/** Nodes with fewer edges to explain are left out: 5% of them would be none. */
const fewestEdges = 5

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

/** Test nodes with enough edges around them, in a seeded order. */
export function largeNodes({ splits: { test } }: NodeGraph, subjects: Subjects, seed: number): number[] {
  return sampled(test.length, test.length, new Random(seed, stream))
    .map(at => test[at]!)
    .filter(node => subjects.part(node).edges.length >= fewestEdges)
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
  readonly twin?: { readonly network: TrainedNetwork; readonly digest: string }
  readonly maskOnly: {
    /** Explainers that are asked. */
    readonly explainers: readonly string[]
    /** The graph with noise for values; undefined where there are no values. */
    readonly noisy: NodeGraph | undefined
    /** Nodes that others' explanations are laid over. */
    readonly donors: readonly number[]
    readonly predicted: ArrayLike<number>
  }
}

export function nodeCell(stage: NodeStage, node: number): Cell {
  const { graph, subjects, digest, learned, explainers, seed, twin, maskOnly: asked } = stage
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
      options: {
        explainers: explainers.map(({ name }) => name),
        learned,
        twin: twin?.digest ?? 'none',
        maskOnly: asked.explainers,
      },
    },
    {
      cost: {
        forwards: sum('forwards') + (twin ? 82 : 41) * explainers.length + 42 * asked.explainers.length,
        gradients: sum('gradients'),
      },
    },
  )
}

export const nodeWork =
  (stage: NodeStage, nodeOf: ReadonlyMap<string, number>): Work<NodeValue> =>
  async ({ key }, { signal, progress }) => {
    const { graph, subjects, explainers, seed, twin } = stage
    const node = nodeOf.get(key)!
    const open = new OpenSubjects(subjects)
    try {
      const subject = open.node(node)
      const edges = subject.part.edges.length
      const own = motifEdges(graph, subject, node)
      const everything = new Float32Array(edges).fill(1)
      const [full, without] = await logitsUnder(
        subject.model,
        [everything, Float32Array.from(own, inside => (inside ? 0 : 1))],
        signal,
      )
      const predicted = largestAt(full!, 0, graph.classes.length)
      const twinned = twin && open.node(node, { network: twin.network })
      const task: NodeTask = {
        subject,
        own,
        full: full!,
        predicted,
        twin: twinned && { subject: twinned, full: (await logitsUnder(twinned.model, [everything], signal))[0]! },
        controls: controlsOf(stage, node, open),
      }
      const methods: Record<string, MethodValue | null> = {}
      for (const [at, explainer] of explainers.entries()) {
        const asked = stage.maskOnly.explainers.includes(explainer.name)
        methods[explainer.name] = await scoreOf(explainer, task, asked, { seed: seed + node, signal })
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
          motif:
            motif < 0 ? null : { number: motif, edges: count, flips: largestAt(without!, 0, graph.classes.length) !== predicted },
          methods,
        },
      }
    } finally {
      await open.dispose()
    }
  }

/** Models opened for one cell. */
class OpenSubjects {
  readonly #open: (() => Promise<void>)[] = []

  constructor(private readonly subjects: Subjects) {}

  node(node: number, instead?: Instead): Subject {
    const { subject, dispose } = this.subjects.node(node, instead)
    this.#open.push(dispose)
    return subject
  }

  async dispose(): Promise<void> {
    for (const dispose of this.#open) await dispose()
  }
}

/** What the mask-only controls of a node run on. */
function controlsOf({ maskOnly: { explainers, noisy, donors, predicted }, seed }: NodeStage, node: number, open: OpenSubjects) {
  const asked = explainers.length > 0
  const donor = asked ? donorOf(node, donors, predicted, seed) : undefined
  return {
    noise: asked && noisy ? open.node(node, { graph: noisy }) : undefined,
    other: donor === undefined ? undefined : open.node(donor),
  }
}

/** 1 for the edges of the node's own motif. */
function motifEdges({ motifs }: NodeGraph, { part }: Subject, node: number): Uint8Array {
  const motif = motifs?.ofNode[node] ?? -1
  return Uint8Array.from(part.edges, edge => (motif >= 0 && motifs!.ofEdge[edge] === motif ? 1 : 0))
}

/** Of a JSON value, for identities. */
export const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
