/** @file Mask-adapted twins: a trained model fine-tuned on randomly masked pictures, refused where it answers whole pictures otherwise. */
import { rename, rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { AscribeError, InputError, type Session } from '@ascribe/core'
import { readBytes, writeFileAtomic } from '@ascribe/core/node'
import type { TrainingData } from '../train/data.js'
import { finishedRun, picturePath, type Recipe, readRecord, recordPath, trainModel } from '../train/files.js'
import { modelBetween } from './between.js'
import { maskFillNamed, maskFills } from './fills.js'
import { maskedData } from './masked-data.js'
import { answersToWhole, measureMasked, shareOf } from './measure.js'
import type { AdaptOptions, TwinRecord } from './options.js'
import { type TwinSource, twinSource } from './source.js'
import { teaching } from './teaching.js'

/** A twin that answers too many whole pictures otherwise than its original. */
export class UnfaithfulTwinError extends AscribeError {}

/** Another name beside the output, for what is not (yet) a twin. */
const beside = (output: string, word: string): string => `${output.replace(/\.onnx$/, '')}.${word}.onnx`

/** Steps in which a twin goes back. */
const backward = 0.05

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
    const teacher = distil > 0 ? teaching(original, data, source.digest, distil, signal) : undefined
    const masked = maskedData(data, { fills, clean, seed }, teacher)
    const recipe = recipeOf(options, source)
    if (await finishedRun(recipe, masked, output)) {
      const finished = (await readRecord(output)) as TwinRecord
      if (finished.twin.agreement < agreement) throw unfaithful(options, finished, agreement, output)
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
    const { made, ...measured } = await compare(options, original, bytes, await readBytes(candidate), fills)
    const whole = { ...record, twin: { of: basename(model), digest: source.digest, fills, clean, distil, ...measured } }
    const faithful = measured.agreement >= agreement
    const place = faithful ? output : beside(output, 'refused')
    await rename(picturePath(candidate), picturePath(place))
    await writeFileAtomic(recordPath(place), `${JSON.stringify(whole)}\n`)
    await writeFileAtomic(place, made)
    for (const path of [candidate, recordPath(candidate)]) await rm(path, { force: true })
    if (!faithful) throw unfaithful(options, whole, agreement, place)
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

/** The twin nearest to the fine-tuned weights that agrees enough, or, where none does, the fine-tuned one; and its measurements. */
async function compare(options: AdaptOptions, original: Session, from: Uint8Array, to: Uint8Array, fills: readonly string[]) {
  const { runtime, data, seed = 0, maskedPictures = 200, agreement: least = 0.98, retreat = 0.5, signal, onMeasure } = options
  const asked = await answersToWhole([original], data, signal)
  const before = shareOf(asked, ({ label, answers }) => answers[0] === label)
  const at = async (way: number) => {
    const made = modelBetween(from, to, way)
    const twin = await runtime.open(made)
    const given = await answersToWhole([twin], data, signal)
    const after = shareOf(given, ({ label, answers }) => answers[0] === label)
    const agreement = shareOf(given, ({ answers }, i) => answers[0] === asked[i]!.answers[0])
    return { twin, made, measured: { way, agreement, pictures: given.length, before, after } }
  }
  let chosen = await at(1)
  const whole = chosen
  for (let step = 1; chosen.measured.agreement < least && 1 - step * backward >= retreat - 1e-9; step++) {
    if (chosen !== whole) await chosen.twin.dispose()
    chosen = await at(Number((1 - step * backward).toFixed(2)))
  }
  const { twin, made, measured } = chosen.measured.agreement < least ? whole : chosen
  const masked = await measureMasked({
    original,
    twin,
    data,
    fills,
    seed,
    pictures: maskedPictures,
    ...(signal && { signal }),
    ...(onMeasure && { onProgress: onMeasure }),
  })
  for (const { twin: opened } of new Set([whole, chosen])) await opened.dispose()
  return { made, ...measured, masked, maskedPictures: Math.min(maskedPictures, data.validationCount) }
}

function unfaithful(
  { model, epochs = 3, distil = 0, retreat = 0.5 }: AdaptOptions,
  { twin: { agreement, pictures } }: TwinRecord,
  least: number,
  place: string,
): UnfaithfulTwinError {
  const share = (value: number): string => `${(100 * value).toFixed(1)}%`
  const back = retreat < 1 ? `, and fewer than ${share(least)} even ${share(1 - retreat)} of the way back to it` : ''
  const advice = distil < 1 ? 'learn more of its own answers' : 'take a lower learning rate or leave more pictures whole'
  return new UnfaithfulTwinError(
    `after ${epochs} epochs the twin of ${model} gives ${share(agreement)} of ${pictures} whole pictures the class that the model gives${back}; ${share(least)} are needed: ${advice} (it lies in ${place})`,
  )
}
