/** @file Training with its files: a checkpoint after each epoch, the curve as data and picture, the model when it is done. */
import { createHash } from 'node:crypto'
import { access, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InputError, type Options, type Runtime, resolveOptionSpecs } from '@ascribe/core'
import { ensureFolder, readBytes, writeFileAtomic } from '@ascribe/core/node'
import { encodeModel } from '@ascribe/onnx'
import type { Architecture } from '../architectures/architecture.js'
import { lineChart } from '../charts/index.js'
import { type Augmentation, noAugmentation } from './augment.js'
import { type TrainingData, taskOf } from './data.js'
import { exportGraph } from './export.js'
import { optimizerNamed } from './optimizers/index.js'
import { type EpochRecord, readCheckpoint, type TrainingState, writeCheckpoint } from './state.js'
import { DivergedError, type StepProgress, type Trained, type TrainOptions, train } from './train.js'

/** Raised whenever the same options give other weights. */
const version = 1

export interface Recipe {
  readonly architecture: Architecture
  /** Options of the architecture, defaults filled in. */
  readonly options: Options
  /** Default: the architecture's own optimiser, rate, decay and warm-up. */
  readonly optimizer?: string
  readonly optimizerOptions?: Readonly<Record<string, unknown>>
  readonly learningRate?: number
  readonly weightDecay?: number
  readonly warmUp?: number
  readonly epochs: number
  /** Rows per step. Default 64; of a graph always all nodes. */
  readonly batch?: number
  /** Default 0. */
  readonly labelSmoothing?: number
  /** Default: 0, no clipping. */
  readonly clip?: number
  readonly augmentation?: Augmentation
  /** Default 0. */
  readonly seed?: number
  /** Digest of the weights that an architecture starts from where the seed does not draw them. */
  readonly from?: string
}

export interface TrainModelOptions {
  readonly recipe: Recipe
  readonly data: TrainingData
  /** The model to write; files beside it: .training.json, .training.svg and, until it is done, .checkpoint. */
  readonly output: string
  readonly runtime: Runtime
  readonly signal?: AbortSignal
  readonly onStep?: (progress: StepProgress) => void
  readonly onEpoch?: (record: EpochRecord, epochs: number) => void
  /** Told where the run goes on from a checkpoint. */
  readonly onResume?: (epoch: number) => void
}

/** What a finished run leaves beside the model. */
export interface TrainingRecord {
  readonly identity: string
  readonly architecture: string
  readonly options: Options
  readonly data: string
  readonly classes: readonly string[]
  readonly parameters: number
  readonly recipe: Readonly<Record<string, unknown>>
  readonly history: readonly EpochRecord[]
  readonly accuracy: number
  readonly losses: readonly number[]
}

const settle = (recipe: Recipe, data: TrainingData) => {
  const { training } = recipe.architecture
  const optimizer = optimizerNamed(recipe.optimizer ?? training.optimizer)
  return {
    optimizer,
    optimizerOptions: resolveOptionSpecs(optimizer.name, optimizer.options, {
      decay: recipe.weightDecay ?? training.weightDecay,
      ...recipe.optimizerOptions,
    }),
    learningRate: recipe.learningRate ?? training.learningRate,
    warmUp: recipe.warmUp ?? training.warmUp,
    epochs: recipe.epochs,
    rows: data.graph ? data.count : (recipe.batch ?? 64),
    labelSmoothing: recipe.labelSmoothing ?? 0,
    clip: recipe.clip ?? 0,
    augmentation: recipe.augmentation ?? noAugmentation,
    seed: recipe.seed ?? 0,
    ...(recipe.from === undefined ? {} : { from: recipe.from }),
  }
}

/** Everything that decides the weights. */
function identityOf(
  recipe: Recipe,
  data: TrainingData,
): { readonly identity: string; readonly settled: Record<string, unknown> } {
  const { optimizer, ...rest } = settle(recipe, data)
  const settled = { architecture: recipe.architecture.name, options: recipe.options, optimizer: optimizer.name, ...rest }
  const all = JSON.stringify({ version, settled, data: data.digest, row: data.row, classes: data.classes })
  return { identity: createHash('sha256').update(all).digest('hex'), settled }
}

/** The record of a finished run of this recipe on this data, undefined where `output` is not that. */
export async function finishedRun(recipe: Recipe, data: TrainingData, output: string): Promise<TrainingRecord | undefined> {
  if (!(await exists(output)) || !(await exists(recordPath(output)))) return undefined
  const record = await readRecord(output)
  return record.identity === identityOf(recipe, data).identity ? record : undefined
}

/** @throws InputError where the record beside a model cannot be read */
export async function readRecord(output: string): Promise<TrainingRecord> {
  const path = recordPath(output)
  try {
    return JSON.parse(new TextDecoder().decode(await readBytes(path))) as TrainingRecord
  } catch (cause) {
    throw new InputError(`${path}: not a training record; delete it and train again`, { cause })
  }
}

/**
 * Trains, or goes on from the checkpoint that an interrupted run of the same recipe left, and writes the model.
 * @throws InputError where the checkpoint is of another run, OutputError where a file cannot be written, DivergedError, AbortedError
 */
export async function trainModel(options: TrainModelOptions): Promise<TrainingRecord> {
  const { recipe, data, output, runtime, signal } = options
  const { identity, settled } = identityOf(recipe, data)
  const checkpoint = `${output}.checkpoint`
  await ensureFolder(dirname(output))
  const from = (await exists(checkpoint)) ? readCheckpoint(await readBytes(checkpoint), identity, checkpoint) : undefined
  if (from) options.onResume?.(from.epoch)
  const { from: _, ...settings } = settle(recipe, data)
  const { state, step } = await trainFrom(
    {
      ...settings,
      architecture: recipe.architecture,
      architectureOptions: recipe.options,
      data,
      runtime,
      ...(from && { from }),
      ...(signal && { signal }),
      ...(options.onStep && { onStep: options.onStep }),
      onEpoch: async after => {
        await writeFileAtomic(checkpoint, writeCheckpoint(after, identity))
        await writeFileAtomic(picturePath(output), curve(recipe, data, after))
        options.onEpoch?.(after.history.at(-1)!, recipe.epochs)
      },
    },
    checkpoint,
  )
  const accuracy = state.history.at(-1)?.validationAccuracy ?? 0
  const graph = exportGraph({
    architecture: recipe.architecture,
    architectureOptions: recipe.options,
    task: taskOf(data),
    layout: step.layout,
    parameters: state.carried['parameters']!,
    statistics: state.carried['statistics'] ?? new Float32Array(0),
    classes: data.classes,
    metadata: { training: JSON.stringify({ data: data.name, accuracy, identity }) },
  })
  const record: TrainingRecord = {
    identity,
    architecture: recipe.architecture.name,
    options: recipe.options,
    data: data.name,
    classes: data.classes,
    parameters: step.layout.parameterCount,
    recipe: settled,
    history: state.history,
    accuracy,
    losses: [...state.losses].map(loss => Number(loss.toPrecision(6))),
  }
  await writePreprocessing(data, dirname(output))
  await writeFileAtomic(output, encodeModel(graph))
  await writeFileAtomic(recordPath(output), `${JSON.stringify(record)}\n`)
  await rm(checkpoint, { force: true })
  return record
}

/** A run that diverged is of no use to go on with. */
async function trainFrom(options: TrainOptions, checkpoint: string): Promise<Trained> {
  try {
    return await train(options)
  } catch (error) {
    if (error instanceof DivergedError) await rm(checkpoint, { force: true })
    throw error
  }
}

export const recordPath = (output: string): string => `${output.replace(/\.onnx$/, '')}.training.json`
export const picturePath = (output: string): string => `${output.replace(/\.onnx$/, '')}.training.svg`

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Beside a model of pictures, the file that tells how pictures become its input: [-1, 1], no resizing beyond the side. */
async function writePreprocessing({ row }: TrainingData, folder: string): Promise<void> {
  if (row.length !== 3) return
  const [, height, width] = row
  const config = {
    do_resize: true,
    // Square pictures: the shorter side, then the middle, as folders of pictures are read.
    ...(height === width
      ? { size: { shortest_edge: height }, do_center_crop: true, crop_size: { height, width } }
      : { size: { height, width } }),
    resample: 2,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  }
  await writeFileAtomic(join(folder, 'preprocessor_config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

function curve(recipe: Recipe, data: TrainingData, { losses, history, step }: TrainingState): string {
  const perEpoch = step / Math.max(1, history.length)
  const at = (epoch: number): number => (epoch + 1) * perEpoch
  return lineChart({
    title: `${recipe.architecture.name} on ${data.name}`,
    xLabel: 'step',
    yLabel: 'loss (nats)',
    series: [
      { label: 'training, mean of 20 steps', points: smoothed(losses, 20) },
      { label: 'validation', points: history.map(({ epoch, validationLoss }) => [at(epoch), validationLoss] as const) },
    ],
  })
}

/** Means of consecutive groups, at their last step. */
function smoothed(losses: Float32Array, group: number): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = []
  for (let end = group; end <= losses.length; end += group)
    points.push([end, losses.subarray(end - group, end).reduce((sum, loss) => sum + loss, 0) / group])
  return points
}
