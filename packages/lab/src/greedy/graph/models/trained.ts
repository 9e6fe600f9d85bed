/** @file The networks that a study explains: trained where they are not there yet, and read back. */
import { join } from 'node:path'
import { InputError, type Model, type Runtime, resolveOptionSpecs, type TensorValue } from '@ascribe/core'
import { load } from '@ascribe/core/node'
import { architectureNamed } from '../../../architectures/index.js'
import { noAugmentation } from '../../../train/augment.js'
import { finishedRun, type Recipe, type TrainingRecord, trainModel } from '../../../train/files.js'
import { optimizerNamed } from '../../../train/optimizers/index.js'
import { train } from '../../../train/train.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { TrainedNetwork } from './explanation-model.js'
import { bothDirections, graphTrainingData } from './training-data.js'

/** How a network is trained on a graph. */
export interface NetworkPlan {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Of `stepsPerEpoch` steps each. */
  readonly epochs: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly labelSmoothing: number
}

/** Steps between two looks at the validation nodes. */
const stepsPerEpoch = 20

export interface TrainGraphOptions {
  readonly graph: NodeGraph
  readonly plan: NetworkPlan
  readonly seed: number
  /** The model's file. */
  readonly output: string
  readonly runtime: Runtime
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
}

function recipeOf({ plan, seed, graph }: Pick<TrainGraphOptions, 'plan' | 'seed' | 'graph'>): Recipe {
  const architecture = architectureNamed(plan.name)
  return {
    architecture,
    options: resolveOptionSpecs(architecture.name, architecture.options, { ...plan.options, degrees: graph.structural }),
    epochs: plan.epochs,
    learningRate: plan.learningRate,
    weightDecay: plan.weightDecay,
    labelSmoothing: plan.labelSmoothing,
    seed,
  }
}

/** Trains a network on a graph, at once where its file is there. @throws DivergedError, AbortedError, OutputError, InputError */
export async function trainOnGraph(options: TrainGraphOptions): Promise<TrainingRecord> {
  const { graph, plan, output, runtime, signal, log } = options
  const recipe = recipeOf(options)
  const data = graphTrainingData(graph, stepsPerEpoch)
  const finished = await finishedRun(recipe, data, output)
  if (finished) return finished
  return trainModel({
    recipe,
    data,
    output,
    runtime,
    ...(signal && { signal }),
    onResume: epoch => log?.(`${plan.name} on ${graph.name}: goes on after ${epoch * stepsPerEpoch} steps`),
  })
}

/** Name of the network of an architecture on a graph; of other training seeds than the study's own with their number. */
export const networkName = (graph: string, architecture: string, repeat: number): string =>
  `${graph}-${architecture}${repeat === 0 ? '' : `-${repeat}`}`

/** Where it lies. */
export const networkPath = (folder: string, name: string): string => join(folder, `${name}.onnx`)

export interface OpenNetwork extends TrainedNetwork {
  /** The network on the whole graph: nodes and edges in, logits out. */
  readonly whole: Model
  /** Layers: how many links away a node looks. */
  readonly depth: number
}

/** @throws InputError where the file was not exported by the lab as this architecture */
export async function openNetwork(
  path: string,
  { architecture: name, options }: Pick<TrainingRecord, 'architecture' | 'options'>,
  runtime: Runtime,
): Promise<OpenNetwork> {
  const architecture = architectureNamed(name)
  const whole = await load(path, { runtime })
  const parameter = (wanted: string): Float32Array => {
    const tensor = whole.graph.initializers.get(wanted)
    if (!tensor) throw new InputError(`${path}: has no parameter "${wanted}" of ${name}; train it again`)
    return Float32Array.from(tensor.numbers())
  }
  return { architecture, options, parameter, digest: whole.digest, whole, depth: options['depth'] as number }
}

/** What the network on the whole graph reads. */
export function graphInputs({ nodes, columns, features, ends, edges }: NodeGraph): Readonly<Record<string, TensorValue>> {
  return {
    input: { dtype: 'float32', dims: [nodes, columns], data: features },
    edge_index: { dtype: 'int64', dims: [2, 2 * edges], data: bothDirections(ends) },
    edge_weight: { dtype: 'float32', dims: [2 * edges], data: new Float32Array(2 * edges).fill(1) },
  }
}

/** Share of the test nodes that a network trained anew on these edges answers with their class; nothing is kept. */
export async function retrainedAccuracy({
  graph,
  plan,
  seed,
  runtime,
  signal,
}: Omit<TrainGraphOptions, 'output' | 'log'>): Promise<number> {
  const { architecture, options } = recipeOf({ plan, seed, graph })
  const data = graphTrainingData(graph, plan.epochs * stepsPerEpoch, 'test')
  const optimizer = optimizerNamed(architecture.training.optimizer)
  const { state } = await train({
    architecture,
    architectureOptions: options,
    data,
    optimizer,
    optimizerOptions: resolveOptionSpecs(optimizer.name, optimizer.options, { decay: plan.weightDecay }),
    learningRate: plan.learningRate,
    warmUp: architecture.training.warmUp,
    epochs: 1,
    rows: graph.nodes,
    labelSmoothing: plan.labelSmoothing,
    clip: 0,
    augmentation: noAugmentation,
    seed,
    runtime,
    ...(signal && { signal }),
  })
  return state.history.at(-1)!.validationAccuracy
}
