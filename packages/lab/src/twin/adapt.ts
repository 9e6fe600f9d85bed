/** @file Mask-adapted twins: a trained model fine-tuned on randomly masked pictures, refused where it answers whole pictures otherwise. */
import { rename } from 'node:fs/promises'
import { basename } from 'node:path'
import { AscribeError, InputError, type Session } from '@ascribe/core'
import { readBytes, writeFileAtomic } from '@ascribe/core/node'
import type { Row, TrainingData } from '../train/data.js'
import {
  exists,
  finishedRun,
  picturePath,
  type Recipe,
  readRecord,
  recordPath,
  type TrainingRecord,
  type TrainModelOptions,
  trainModel,
} from '../train/files.js'
import { modelInput } from '../train/validation.js'
import { maskFillNamed, maskFills } from './fills.js'
import { maskedData } from './masked-data.js'
import { measureTwin, type TwinMeasurement } from './measure.js'
import { type TwinSource, twinSource } from './source.js'

/** A twin that answers too many whole pictures otherwise than its original. */
export class UnfaithfulTwinError extends AscribeError {}

export interface AdaptOptions extends Pick<TrainModelOptions, 'runtime' | 'signal' | 'onStep' | 'onEpoch' | 'onResume'> {
  /** The trained model. */
  readonly model: string
  /** Whole pictures of the kind that it was trained on. */
  readonly data: TrainingData
  /** The twin to write; its records beside it. */
  readonly output: string
  /** Default 3. */
  readonly epochs?: number
  /** Default 32. */
  readonly batch?: number
  /** Of AdamW, at its highest. Default 0.0005. */
  readonly learningRate?: number
  /** Default 0: the twin stays near its original. */
  readonly weightDecay?: number
  /** Default 0.1. */
  readonly warmUp?: number
  /** Default 1. */
  readonly clip?: number
  /** Names of fills; default all: black, mean, blur, road. */
  readonly fills?: readonly string[]
  /** Share of pictures left whole. Default 0.25. */
  readonly clean?: number
  /** Share of the target that is the original's own answer to the whole picture, the label being the rest. Default 0. */
  readonly distil?: number
  /** Least share of whole validation pictures answered as the original does. Default 0.98. */
  readonly agreement?: number
  /** Validation pictures masked for the record. Default 200. */
  readonly maskedPictures?: number
  readonly seed?: number
  readonly onMeasure?: (share: number) => void
}

/** What a twin leaves beside it: a training record that says how it compares with its original. */
export interface TwinRecord extends TrainingRecord {
  readonly twin: TwinMeasurement & {
    /** File and SHA-256 of the original. */
    readonly of: string
    readonly digest: string
    readonly fills: readonly string[]
    readonly clean: number
    readonly distil: number
  }
}

/** Another name beside the output, for what is not (yet) a twin. */
const beside = (output: string, word: string): string => `${output.replace(/\.onnx$/, '')}.${word}.onnx`

/**
 * Fine-tunes a model on pictures of its data with random blobs of 0 to 95% of their area removed, and writes the twin where it gives whole
 * validation pictures the classes that the original gives. Weights start at the model's own, read from its file; batch norm stays folded
 * as exported. Goes on from a checkpoint like training; a finished twin of the same original and options is left alone.
 * @throws UnfaithfulTwinError where too few whole pictures keep their class: the model then lies beside `output` as `NAME.refused.onnx`
 * @throws InputError where the model is not of the lab or answers other classes than the data's; UsageError, DivergedError, AbortedError
 */
export async function adaptModel(options: AdaptOptions): Promise<TwinRecord> {
  const { model, data, output, runtime, signal, agreement = 0.98, seed = 0, clean = 0.25, distil = 0 } = options
  const fills = (options.fills ?? maskFills.map(fill => fill.name)).map(name => maskFillNamed(name).name)
  const bytes = await readBytes(model)
  const source = twinSource(bytes, model)
  checkData(source, data, model)
  const original = await runtime.open(bytes)
  try {
    const teacher =
      distil > 0 ? { digest: `${source.digest} ${distil}`, of: teaching(original, data, distil, signal) } : undefined
    const masked = maskedData(data, { fills, clean, seed }, teacher)
    const recipe = recipeOf(options, source)
    if (await finishedRun(recipe, masked, output)) {
      const finished = (await readRecord(output)) as TwinRecord
      if (finished.twin.agreement < agreement) throw unfaithful(options, finished.twin, agreement, output)
      return finished
    }
    const candidate = beside(output, 'candidate')
    const { onStep, onEpoch, onResume } = options
    const record =
      (await finishedRun(recipe, masked, candidate)) ??
      (await trainModel({
        recipe,
        data: masked,
        output: candidate,
        runtime,
        ...(signal && { signal }),
        ...(onStep && { onStep }),
        ...(onEpoch && { onEpoch }),
        ...(onResume && { onResume }),
      }))
    const measured = await compare(options, original, candidate, fills)
    const twin = { of: basename(model), digest: source.digest, fills, clean, distil, ...measured }
    const faithful = measured.agreement >= agreement
    const place = faithful ? output : beside(output, 'refused')
    const whole: TwinRecord = { ...record, twin }
    await writeFileAtomic(recordPath(candidate), `${JSON.stringify(whole)}\n`)
    await move(candidate, place)
    if (!faithful) throw unfaithful(options, measured, agreement, place)
    return whole
  } finally {
    if (!signal?.aborted) await original.dispose()
  }
}

function recipeOf(options: AdaptOptions, { architecture, digest }: TwinSource): Recipe {
  const { epochs = 3, batch = 32, learningRate, weightDecay, warmUp, clip = 1, seed = 0 } = options
  return {
    architecture,
    options: {},
    epochs,
    clip,
    seed,
    from: digest,
    batch,
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(warmUp === undefined ? {} : { warmUp }),
  }
}

function checkData({ classes, row }: TwinSource, data: TrainingData, model: string): void {
  if (data.row.join() !== row.join())
    throw new InputError(`${model}: reads pictures of [${row}], ${data.name} gives [${data.row}]; give it pictures of that size`)
  const wrong = classes.findIndex((name, i) => name !== data.classes[i])
  if (classes.length !== data.classes.length || wrong >= 0)
    throw new InputError(
      `${model}: answers ${classes.length} classes (${classes.slice(0, 3).join(', ')}, ...), ${data.name} has ${data.classes.length} (${data.classes.slice(0, 3).join(', ')}, ...); adapt it on the data that it was trained on`,
    )
}

/** t = (1 - distil) onehot(label) + distil softmax(original(whole picture)) */
function teaching(original: Session, data: TrainingData, distil: number, signal: AbortSignal | undefined) {
  return async (row: Row): Promise<Float32Array> => {
    const { logits } = await original.run({ input: modelInput(data, [row]) }, ['logits'], signal ? { signal } : {})
    const scores = Float64Array.from(logits!.data as Float32Array)
    const top = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
    const weights = scores.map(score => Math.exp(score - top))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return Float32Array.from(weights, (weight, i) => (distil * weight) / total + (i === row.label ? 1 - distil : 0))
  }
}

async function compare(options: AdaptOptions, original: Session, candidate: string, fills: readonly string[]) {
  const { runtime, data, seed = 0, maskedPictures = 200, signal, onMeasure } = options
  const twin = await runtime.open(await readBytes(candidate))
  try {
    return await measureTwin({
      original,
      twin,
      data,
      fills,
      seed,
      maskedPictures,
      ...(signal && { signal }),
      ...(onMeasure && { onProgress: onMeasure }),
    })
  } finally {
    if (!signal?.aborted) await twin.dispose()
  }
}

/** The model last: where it lies, its records lie too. */
async function move(from: string, to: string): Promise<void> {
  for (const path of [picturePath, recordPath, (output: string) => output])
    if (await exists(path(from))) await rename(path(from), path(to))
}

function unfaithful(
  { model, epochs = 3, distil = 0 }: AdaptOptions,
  { agreement, pictures }: TwinMeasurement,
  least: number,
  place: string,
): UnfaithfulTwinError {
  const share = (value: number): string => `${(100 * value).toFixed(1)}%`
  const advice =
    distil < 1 ? 'let it learn more of the original’s own answers' : 'take a lower learning rate or leave more pictures whole'
  return new UnfaithfulTwinError(
    `after ${epochs} epochs the twin of ${model} gives ${share(agreement)} of ${pictures} whole pictures the class that the original gives, ${share(least)} are needed; ${advice} (it lies in ${place})`,
  )
}
