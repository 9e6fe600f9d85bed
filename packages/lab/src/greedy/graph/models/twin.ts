/** @file The mask-adapted twin of a network: the same one, trained on with random shares of the edges switched off. */
import { Random, type Runtime, resolveOptionSpecs } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import { noAugmentation } from '../../../train/augment.js'
import type { TrainingData } from '../../../train/data.js'
import { optimizerNamed } from '../../../train/optimizers/index.js'
import { train } from '../../../train/train.js'
import type { Layout } from '../../../train/vector.js'
import type { NodeGraph } from '../data/node-graph.js'
import { logSoftmax } from '../metrics/predictions.js'
import type { TrainedNetwork } from './explanation-model.js'
import { bothDirections } from './training-data.js'

/** Rounds with new masks, of so many steps. */
export interface TwinPlan {
  readonly rounds: number
  readonly steps: number
}

/** Shares of edges switched off are spread evenly from 0 to this; the learning rate is this part of the network's own. Our choice. */
export const twinSettings = { mostOff: 0.95, rate: 0.3 } as const

const streams = { shares: 51, edges: 52 } as const

export interface TwinOptions {
  readonly graph: NodeGraph
  readonly network: TrainedNetwork
  /** The network's answers with every edge [nodes, classes]. */
  readonly logits: Float32Array
  readonly plan: TwinPlan
  /** Rate of the network's own training; the twin gets a part of it. */
  readonly learningRate: number
  readonly seed: number
  readonly runtime: Runtime
  readonly signal?: AbortSignal
  readonly onRound?: (done: number) => void
}

/** Values of every parameter by name. */
export type Parameters = Readonly<Record<string, Float32Array>>

/**
 * Two copies of the graph side by side, one whole and one without the edges that are `off`; both are to answer what the network
 * answers with every edge, on the nodes of the training and validation splits: no node that is scored is learned.
 */
function doubled({ graph, logits }: TwinOptions, off: Uint8Array, steps: number): TrainingData {
  const { nodes, columns, features, classes, splits, ends } = graph
  const learned = new Uint8Array(nodes)
  for (const split of [splits.train, splits.validation]) for (const node of split) learned[node] = 1
  const kept = Array.from(off.keys()).filter(edge => !off[edge])
  const both = [...ends, ...kept.flatMap(edge => [nodes + ends[2 * edge]!, nodes + ends[2 * edge + 1]!])]
  const targets = Array.from({ length: nodes }, (_, node) =>
    Float32Array.from(logSoftmax(logits, node * classes.length, classes.length), Math.exp),
  )
  const row = (at: number) => {
    const node = at % nodes
    const target = targets[node]!
    return {
      values: features.subarray(node * columns, (node + 1) * columns),
      label: target.indexOf(target.reduce((top, value) => Math.max(top, value), 0)),
      weight: learned[node]!,
      target,
    }
  }
  return {
    name: `${graph.name} with masks`,
    classes,
    row: [columns],
    count: 2 * nodes,
    validationCount: 1,
    digest: graph.digest,
    training: (_, at) => row(at),
    validation: row,
    soft: true,
    graph: {
      edges: bothDirections(both),
      learned: 2 * (splits.train.length + splits.validation.length),
      present: new Uint32Array(0),
      validation: Int32Array.of(0),
      steps,
    },
  }
}

/** Trains the twin from the network's own parameters. @throws DivergedError, AbortedError, RuntimeError */
export async function trainTwin(options: TwinOptions): Promise<Parameters> {
  const { graph, network, seed, runtime, signal } = options
  const { architecture } = network
  const { rounds, steps } = options.plan
  const { mostOff, rate } = twinSettings
  const optimizer = optimizerNamed(architecture.training.optimizer)
  const turns = shuffled(rounds, new Random(seed, streams.shares))
  let carried: Record<string, Float32Array> | undefined
  let layout: Layout | undefined
  for (let round = 0; round < rounds; round++) {
    const share = (mostOff * (turns[round]! + 0.5)) / rounds
    const random = new Random(seed, streams.edges + round)
    const off = Uint8Array.from({ length: graph.edges }, () => (random.uniform() < share ? 1 : 0))
    const data = doubled(options, off, steps)
    const settings = {
      architecture,
      architectureOptions: { ...network.options, dropout: 0 },
      data,
      optimizer,
      optimizerOptions: resolveOptionSpecs(optimizer.name, optimizer.options, { decay: 0 }),
      learningRate: rate * options.learningRate,
      warmUp: 0,
      rows: data.count,
      labelSmoothing: 0,
      clip: 0,
      augmentation: noAugmentation,
      seed,
      runtime,
      ...(signal && { signal }),
    }
    if (!carried) {
      const { state, step } = await train({ ...settings, epochs: 0 })
      layout = step.layout
      carried = { ...state.carried, parameters: packed(layout, network) }
    }
    const empty = Object.fromEntries(
      Object.entries(carried).map(([name, values]) => [
        name,
        name.startsWith('slot/') ? new Float32Array(values.length) : values,
      ]),
    )
    const from = { epoch: 0, step: 0, carried: empty, history: [], losses: new Float32Array(0) }
    const { state } = await train({ ...settings, epochs: 1, from })
    carried = { ...state.carried }
    options.onRound?.(round + 1)
  }
  const read = layout!.reader(carried!['parameters']!, new Float32Array(0))
  return Object.fromEntries(layout!.parameters.map(({ name }) => [name, Float32Array.from(read(name)!)]))
}

function packed(layout: Layout, { parameter }: TrainedNetwork): Float32Array {
  const vector = new Float32Array(layout.parameterCount)
  for (const { name, start } of layout.parameters) vector.set(parameter(name)!, start)
  return vector
}
