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

/** Rounds with new masks, of so many steps, and most rounds after them that bring back the answers with every edge. */
export interface TwinPlan {
  readonly rounds: number
  readonly steps: number
  readonly recovery: number
}

/**
 * Shares of edges switched off rise evenly from 0 to `mostOff` over the rounds and are drawn from these in the recovery; the learning rate is `rate` times the network's own, falling in the recovery,
 * the whole graph weighs as many times as much as the masked one in the rounds and in the recovery, which ends when this share of the learned
 * nodes is answered as by the network. Our choice.
 */
export const twinSettings = { mostOff: 0.95, rate: 0.3, clean: [4, 16], agreement: 0.995 } as const

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
 * answers with every edge, on all nodes but those of the validation and test splits: no node that is scored is learned.
 */
function doubled({ graph, logits, plan }: TwinOptions, off: Uint8Array, clean: number): TrainingData {
  const { nodes, columns, features, classes, splits, ends } = graph
  const learned = new Uint8Array(nodes).fill(1)
  for (const split of [splits.validation, splits.test]) for (const node of split) learned[node] = 0
  const asked = Int32Array.from(learned.keys()).filter(node => learned[node])
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
      weight: learned[node]! * (at < nodes ? clean : 1),
      target,
    }
  }
  return {
    name: `${graph.name} with masks`,
    classes,
    row: [columns],
    count: 2 * nodes,
    validationCount: asked.length,
    digest: graph.digest,
    training: (_, at) => row(at),
    validation: row,
    soft: true,
    graph: {
      edges: bothDirections(both),
      learned: 2 * asked.length,
      present: new Uint32Array(0),
      validation: asked,
      steps: plan.steps,
    },
  }
}

/** Trains the twin from the network's own parameters. @throws DivergedError, AbortedError, RuntimeError */
export async function trainTwin(options: TwinOptions): Promise<Parameters> {
  const { graph, network, seed, runtime, signal } = options
  const { architecture } = network
  const { rounds, recovery } = options.plan
  const { mostOff, rate, clean, agreement } = twinSettings
  const optimizer = optimizerNamed(architecture.training.optimizer)
  const turns = shuffled(rounds, new Random(seed, streams.shares))
  let carried: Record<string, Float32Array> | undefined
  let layout: Layout | undefined
  for (let round = 0; round < rounds + recovery; round++) {
    const last = round - rounds + 1
    const turn = last > 0 ? turns[round % rounds]! : round
    const share = (mostOff * (turn + 0.5)) / rounds
    const random = new Random(seed, streams.edges + round)
    const off = Uint8Array.from({ length: graph.edges }, () => (random.uniform() < share ? 1 : 0))
    const data = doubled(options, off, clean[last > 0 ? 1 : 0])
    const settings = {
      architecture,
      architectureOptions: { ...network.options, dropout: 0 },
      data,
      optimizer,
      optimizerOptions: resolveOptionSpecs(optimizer.name, optimizer.options, { decay: 0 }),
      learningRate: rate * options.learningRate * (last > 0 ? 1 - last / (recovery + 1) : 1),
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
    if (last > 0 && state.history.at(-1)!.validationAccuracy >= agreement) break
  }
  const read = layout!.reader(carried!['parameters']!, new Float32Array(0))
  return Object.fromEntries(layout!.parameters.map(({ name }) => [name, Float32Array.from(read(name)!)]))
}

function packed(layout: Layout, { parameter }: TrainedNetwork): Float32Array {
  const vector = new Float32Array(layout.parameterCount)
  for (const { name, start } of layout.parameters) vector.set(parameter(name)!, start)
  return vector
}
