/** @file A perceptron trained on a table, kept as it was after the epoch with the least validation loss. */
import { type Runtime, resolveOptionSpecs } from '@ascribe/core'
import type { Graph } from '@ascribe/onnx'
import { architectureNamed } from '../../../architectures/index.js'
import { noAugmentation } from '../../../train/augment.js'
import { taskOf } from '../../../train/data.js'
import { exportGraph } from '../../../train/export.js'
import { type TrainingState, train } from '../../../train/index.js'
import { optimizerNamed } from '../../../train/optimizers/index.js'
import type { TabularData } from '../data/tabular-data.js'
import { type MaskingOptions, trainingDataOf } from './masking.js'

/** Sizes of the network and of its training; all are our choice. */
export interface FitPlan {
  readonly width: number
  readonly depth: number
  readonly epochs: number
  /** Rows per step. */
  readonly batch: number
  readonly learningRate: number
  readonly weightDecay: number
}

export interface Fitted {
  readonly graph: Graph
  /** Epoch that was kept, from 1, and its loss on the validation rows. */
  readonly epoch: number
  readonly validationLoss: number
}

/** @throws DivergedError, AbortedError, InputError where there are fewer rows than a batch */
export async function fit(
  data: TabularData,
  plan: FitPlan,
  options: MaskingOptions & { readonly runtime: Runtime; readonly signal?: AbortSignal },
): Promise<Fitted> {
  const { runtime, signal, seed } = options
  const architecture = architectureNamed('mlp')
  const architectureOptions = resolveOptionSpecs('mlp', architecture.options, { width: plan.width, depth: plan.depth })
  const optimizer = optimizerNamed('adamw')
  const training = trainingDataOf(data, options)
  let best: TrainingState | undefined
  const lossOf = (state: TrainingState): number => state.history.at(-1)!.validationLoss
  const { step } = await train({
    architecture,
    architectureOptions,
    optimizer,
    optimizerOptions: resolveOptionSpecs('adamw', optimizer.options, { decay: plan.weightDecay }),
    data: training,
    rows: Math.min(plan.batch, data.train.count),
    epochs: plan.epochs,
    learningRate: plan.learningRate,
    warmUp: 0.1,
    labelSmoothing: 0,
    clip: 1,
    augmentation: noAugmentation,
    seed,
    runtime,
    ...(signal && { signal }),
    onEpoch: state => {
      if (!best || lossOf(state) < lossOf(best)) best = state
    },
  })
  const kept = best!
  const graph = exportGraph({
    architecture,
    architectureOptions,
    task: taskOf(training),
    layout: step.layout,
    parameters: kept.carried['parameters']!,
    statistics: kept.carried['statistics'] ?? new Float32Array(0),
    classes: data.classes,
  })
  return { graph, epoch: kept.epoch, validationLoss: lossOf(kept) }
}
