/** @file The mask-adapted twin of a study's network, kept as one cell, and how far it agrees with the network. */
import { Model, type Runtime } from '@ascribe/core'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import { DivergedError } from '../../../train/train.js'
import type { NodeGraph } from '../data/node-graph.js'
import { type GraphAnswers, largestAt } from '../models/answers.js'
import { explanationModel, type TrainedNetwork } from '../models/explanation-model.js'
import { logitsUnder } from '../models/masked.js'
import { wholeGraph } from '../models/subgraph.js'
import { type Parameters, type TwinPlan, trainTwin, twinSettings } from '../models/twin.js'

const version = '1'

/** Share of the test nodes on which a twin must answer as its network does, with every edge. */
export const leastAgreement = 0.98

/**
 * How far the weights go from the network's to the trained ones: the first of these at which the validation nodes, which are not learned, are
 * answered as by the network this often. Our choice.
 */
const shares = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1] as const
const wanted = 0.985

export interface TwinValue {
  /** Null where the training diverged. */
  readonly parameters: Readonly<Record<string, readonly number[]>> | null
  readonly share: number
  /** Of the test nodes with every edge: answered as the network does. */
  readonly agreement: number
}

export const twinCell = (graph: NodeGraph, digest: string, plan: TwinPlan, seed: number): Cell =>
  makeCell(
    { kind: 'twin', version, model: digest, sample: graph.digest, seed, options: { ...plan, ...twinSettings } },
    { cost: { forwards: 0, gradients: (plan.rounds + plan.recovery) * plan.steps } },
  )

export const twinWork =
  (
    graph: NodeGraph,
    network: TrainedNetwork,
    answers: GraphAnswers,
    training: { readonly learningRate: number; readonly plan: TwinPlan; readonly seed: number; readonly runtime: Runtime },
  ): Work<TwinValue> =>
  async (_, { signal, progress }) => {
    const parameters = await orDiverged(
      trainTwin({
        graph,
        network,
        logits: answers.logits,
        ...training,
        signal,
        onRound: done => progress(done / (training.plan.rounds + training.plan.recovery)),
      }),
    )
    if (!parameters) return { value: { parameters: null, share: 0, agreement: 0 } }
    const agreeing = agreementsOf(graph, answers, training.runtime, signal)
    for (const share of shares) {
      const between = mixed(network, parameters, share)
      const twin: TrainedNetwork = { ...network, parameter: name => between.get(name) }
      const [validation, test] = await agreeing(twin)
      if (validation! < wanted && share > shares.at(-1)!) continue
      const listed = [...between].map(([name, values]) => [name, [...values]] as const)
      return { value: { parameters: Object.fromEntries(listed), share, agreement: test! } }
    }
    throw new RangeError('no share of the twin')
  }

const orDiverged = <T>(made: Promise<T>): Promise<T | undefined> =>
  made.catch((error: unknown) => {
    if (error instanceof DivergedError) return undefined
    throw error
  })

/** The network's parameters moved towards the twin's by this share. */
function mixed(network: TrainedNetwork, twin: Parameters, share: number): Map<string, Float32Array> {
  return new Map(
    Object.entries(twin).map(([name, values]) => {
      const own = network.parameter(name)!
      return [name, values.map((value, i) => own[i]! + share * (value - own[i]!))]
    }),
  )
}

/** A function that tells on which shares of the validation and of the test nodes a network answers, with every edge, as these answers. */
function agreementsOf(graph: NodeGraph, { predicted }: GraphAnswers, runtime: Runtime, signal: AbortSignal) {
  const everything = [new Float32Array(graph.edges).fill(1)]
  const classes = graph.classes.length
  return async (network: TrainedNetwork): Promise<number[]> => {
    const model = new Model(explanationModel(network, graph, wholeGraph(graph)), { runtime, name: `twin on ${graph.name}` })
    try {
      const [logits] = await logitsUnder(model, everything, signal)
      return [graph.splits.validation, graph.splits.test].map(
        nodes => nodes.filter(node => largestAt(logits!, node * classes, classes) === predicted[node]).length / nodes.length,
      )
    } finally {
      await model.dispose()
    }
  }
}

/** The network with the twin's parameters; undefined where there are none. */
export function twinOf(network: TrainedNetwork, { parameters }: TwinValue): TrainedNetwork | undefined {
  if (!parameters) return undefined
  const own = new Map(Object.entries(parameters).map(([name, values]) => [name, Float32Array.from(values)]))
  return { ...network, parameter: name => own.get(name) }
}
