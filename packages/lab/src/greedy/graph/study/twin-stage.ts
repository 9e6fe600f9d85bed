/** @file The mask-adapted twin of a study's network, kept as one cell, and how far it agrees with the network. */
import { Model, type Runtime } from '@ascribe/core'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import type { NodeGraph } from '../data/node-graph.js'
import { type GraphAnswers, largestAt } from '../models/answers.js'
import { explanationModel, type TrainedNetwork } from '../models/explanation-model.js'
import { logitsUnder } from '../models/masked.js'
import { wholeGraph } from '../models/subgraph.js'
import { type TwinPlan, trainTwin, twinSettings } from '../models/twin.js'

const version = '1'

/** Share of the test nodes on which a twin must answer as its network does, with every edge. */
export const leastAgreement = 0.98

export interface TwinValue {
  readonly parameters: Readonly<Record<string, readonly number[]>>
  /** Of the test nodes with every edge: answered as the network does. */
  readonly agreement: number
}

export const twinCell = (graph: NodeGraph, digest: string, plan: TwinPlan, seed: number): Cell =>
  makeCell(
    { kind: 'twin', version, model: digest, sample: graph.digest, seed, options: { ...plan, ...twinSettings } },
    { cost: { forwards: 0, gradients: plan.rounds * plan.steps } },
  )

export const twinWork =
  (
    graph: NodeGraph,
    network: TrainedNetwork,
    answers: GraphAnswers,
    training: { readonly learningRate: number; readonly plan: TwinPlan; readonly seed: number; readonly runtime: Runtime },
  ): Work<TwinValue> =>
  async (_, { signal, progress }) => {
    const parameters = await trainTwin({
      graph,
      network,
      logits: answers.logits,
      ...training,
      signal,
      onRound: done => progress(done / training.plan.rounds),
    })
    const twin: TrainedNetwork = { ...network, parameter: name => parameters[name] }
    const model = new Model(explanationModel(twin, graph, wholeGraph(graph)), {
      runtime: training.runtime,
      name: `twin on ${graph.name}`,
    })
    try {
      const [logits] = await logitsUnder(model, [new Float32Array(graph.edges).fill(1)], signal)
      const classes = graph.classes.length
      const { test } = graph.splits
      const same = test.filter(node => largestAt(logits!, node * classes, classes) === answers.predicted[node]).length
      const listed = Object.entries(parameters).map(([name, values]) => [name, [...values]] as const)
      return { value: { parameters: Object.fromEntries(listed), agreement: same / test.length } }
    } finally {
      await model.dispose()
    }
  }

/** The network with the twin's parameters. */
export function twinOf(network: TrainedNetwork, { parameters }: TwinValue): TrainedNetwork {
  const own = new Map(Object.entries(parameters).map(([name, values]) => [name, Float32Array.from(values)]))
  return { ...network, parameter: name => own.get(name) }
}
