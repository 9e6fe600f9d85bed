/** @file PGExplainer's training, kept as one cell. */
import { Random } from '@ascribe/core'
import { sampled } from '../../../order.js'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import type { NodeGraph } from '../data/node-graph.js'
import { EdgePerceptron } from '../explainers/edge-perceptron.js'
import { embeddingsOf, trainPgExplainer } from '../explainers/pg-explainer.js'
import type { GraphAnswers } from '../models/answers.js'
import type { GraphPreset } from './presets.js'
import type { Subjects } from './subjects.js'

const version = '1'
const stream = 40

export interface PgValue {
  readonly width: number
  readonly parameters: readonly number[]
}

/** Nodes that it is trained on: of the training split, those in motifs where there are any. */
function trainingNodes(graph: NodeGraph, count: number, seed: number): number[] {
  const { train } = graph.splits
  const inside = graph.motifs ? train.filter(node => graph.motifs!.ofNode[node]! >= 0) : train
  return sampled(inside.length, count, new Random(seed, stream)).map(at => inside[at]!)
}

export const pgCell = (graph: NodeGraph, digest: string, { pg }: GraphPreset, seed: number): Cell =>
  makeCell(
    { kind: 'pg-explainer', version, model: digest, sample: graph.digest, seed, options: { ...pg } },
    { cost: { forwards: pg.nodes, gradients: pg.nodes * pg.epochs } },
  )

export const pgWork =
  (graph: NodeGraph, subjects: Subjects, answers: GraphAnswers, { pg }: GraphPreset, seed: number): Work<PgValue> =>
  async (_, { signal, progress }) => {
    const opened = trainingNodes(graph, pg.nodes, seed)
      .map(node => subjects.node(node))
      .filter(({ subject }) => subject.part.edges.length > 0)
    try {
      const examples = opened.map(({ subject }) => ({
        subject,
        embeddings: embeddingsOf(subject, answers.embeddings, answers.width),
      }))
      const { epochs } = pg
      const trained = await trainPgExplainer(examples, { seed, epochs, signal, onEpoch: done => progress(done / epochs) })
      return { value: { width: trained.width, parameters: [...trained.parameters] } }
    } finally {
      await Promise.all(opened.map(({ dispose }) => dispose()))
    }
  }

export const perceptronOf = ({ width, parameters }: PgValue): EdgePerceptron =>
  new EdgePerceptron(width, Float64Array.from(parameters))
