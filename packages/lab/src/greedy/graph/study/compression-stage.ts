/** @file Compression of the whole graph: an order of all edges from the answers alone, scored frozen and trained anew. */
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import { keepingEdges, type NodeGraph } from '../data/node-graph.js'
import type { Explainer } from '../explainers/explainer.js'
import { type CompressionScores, compressionScores } from '../metrics/compression.js'
import { keptShares, maskOf } from '../metrics/levels.js'
import { rankedEdges } from '../metrics/ranking.js'
import type { GraphAnswers } from '../models/answers.js'
import { logitsUnder } from '../models/masked.js'
import { type NetworkPlan, retrainedAccuracy, type TrainGraphOptions } from '../models/trained.js'
import { digestOf } from './node-stage.js'
import type { Subjects } from './subjects.js'

const version = '1'

export interface CompressionValue {
  /** Edges from the first kept to the last. */
  readonly ranked: readonly number[]
  readonly scores: CompressionScores
  readonly cost: { readonly forwards: number; readonly gradients: number }
}

export const compressionCell = (graph: NodeGraph, digest: string, explainer: Explainer, seed: number): Cell => {
  const { forwards, gradients } = explainer.cost(graph.edges)
  return makeCell(
    { kind: 'compression', version, model: digest, method: explainer.name, sample: graph.digest, seed },
    { cost: { forwards: forwards + keptShares.length, gradients } },
  )
}

export const compressionWork =
  (
    graph: NodeGraph,
    subjects: Subjects,
    answers: GraphAnswers,
    explainerOf: ReadonlyMap<string, Explainer>,
    seed: number,
  ): Work<CompressionValue> =>
  async ({ key }, { signal }) => {
    const { subject, dispose } = subjects.whole()
    try {
      const found = await explainerOf.get(key)!.explain(subject, { seed, signal })
      if (!found) throw new RangeError('an explainer for single nodes cannot compress')
      const ranked = rankedEdges(found.scores, found.order)
      const masks = keptShares.map(share => maskOf(ranked, Math.round(share * ranked.length), 1))
      const logits = await logitsUnder(subject.model, masks, signal)
      const { labels, splits, classes } = graph
      const scores = compressionScores(logits, answers.logits, labels, splits.test, classes.length)
      return { value: { ranked: [...ranked], scores, cost: found.cost } }
    } finally {
      await dispose()
    }
  }

/** A network to train on a share of the edges. */
export interface Retraining {
  /** Whose choice the edges are; `all` and `none` frame the others. */
  readonly method: string
  readonly share: number
  readonly kept: readonly number[]
  readonly seed: number
}

export const retrainCell = (graph: NodeGraph, plan: NetworkPlan, { kept, seed }: Retraining): Cell =>
  makeCell({
    kind: 'retrained',
    version,
    sample: `${graph.digest}:${digestOf(kept)}`,
    seed,
    options: {
      name: plan.name,
      options: plan.options as never,
      epochs: plan.epochs,
      rate: plan.learningRate,
      decay: plan.weightDecay,
      smoothing: plan.labelSmoothing,
    },
  })

export const retrainWork =
  (
    graph: NodeGraph,
    plan: NetworkPlan,
    jobOf: ReadonlyMap<string, Retraining>,
    runtime: TrainGraphOptions['runtime'],
  ): Work<number> =>
  async ({ key }, { signal }) => {
    const { kept, seed } = jobOf.get(key)!
    return { value: await retrainedAccuracy({ graph: keepingEdges(graph, kept), plan, seed, runtime, signal }) }
  }
