/** @file Models for a harmony study, trained on the generated data, each stopped where the weakest architecture is at its best. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureFolder, readBytes, writeFileAtomic } from '@ascribe/core/node'
import { encodeModel } from '@ascribe/onnx'
import { GeneratedSource } from '../bam/generated.js'
import { recipeOf, UnfitModelsError } from '../bam/study/index.js'
import { remembering } from '../bam/study/pictures.js'
import type { ArchitecturePlan } from '../bam/study/presets.js'
import { bamTrainingData } from '../bam/training-data.js'
import { type TrainingData, taskOf } from '../train/data.js'
import { exportGraph } from '../train/export.js'
import type { Recipe, TrainingRecord } from '../train/files.js'
import { sideBySide, trainNamed } from '../train/several.js'
import { type EpochRecord, readCheckpoint } from '../train/state.js'
import { layoutOf } from '../train/step.js'
import type { TwinRecord } from '../twin/options.js'
import type { HarmonyPreset } from './presets.js'
import { makeTwin } from './twins.js'

/** Stopping is decided on pictures of another seed than those that a study scores. */
const dataSeed = 1000

const validationLimit = 1000

/** What is asked of twins; a preset that asks its models for no accuracy takes anything. */
const twins = { asked: { agreement: 0.98, maskedPictures: 200 }, anything: { agreement: 0, maskedPictures: 4 } } as const

export interface TrainHarmonyOptions {
  readonly preset: HarmonyPreset
  /** Where the models go: those stopped at parity here, their mask-adapted twins in `twins`, fully trained ones in `full`. */
  readonly folder: string
  readonly seed: number
  /** Models trained at the same time, one thread each. */
  readonly processes: number
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onStep?: (name: string, share: number, loss: number) => void
}

export interface TrainedModel {
  readonly name: string
  readonly epoch: number
  readonly accuracy: number
  readonly fullAccuracy: number
  readonly parameters: number
  /** Share of whole validation pictures that the mask-adapted twin answers as this model does; other seeds of an architecture have no twin. */
  readonly twinAgreement?: number
}

/**
 * Parity by stopping: the target is the lowest of the models' best accuracies; each model stops at its first epoch that reaches it.
 * @param accuracies by model, after each epoch
 */
export function parityOf(accuracies: readonly (readonly number[])[]): { target: number; epochs: number[] } {
  const target = Math.min(...accuracies.map(own => Math.max(...own)))
  return { target, epochs: accuracies.map(own => own.findIndex(accuracy => accuracy >= target)) }
}

interface Job {
  readonly name: string
  readonly recipe: Recipe
  readonly output: string
}

/** @throws UnfitModelsError below the preset's accuracy; UnfaithfulTwinError; DivergedError, AbortedError, OutputError, InputError */
export async function trainHarmonyModels(options: TrainHarmonyOptions): Promise<TrainedModel[]> {
  const { preset, folder, seed, log } = options
  const { side, instances, plans, accuracy } = preset.training
  const full = join(folder, 'full')
  await ensureFolder(full)
  const source = remembering(new GeneratedSource({ size: side, seed: dataSeed + seed, train: instances, validation: 10 }))
  const data = (plan: ArchitecturePlan): TrainingData =>
    bamTrainingData(source, 'obj', { perEpoch: plan.perEpoch, validationLimit })
  const jobs = plans.flatMap(({ label, plan, seeds }) =>
    Array.from({ length: seeds }, (_, s) => {
      const name = s === 0 ? label : `${label}-seed${s + 1}`
      return { name, seed: s, plan, recipe: recipeOf(plan, 'obj', seed + s), output: join(full, `${name}.onnx`) }
    }),
  )
  const records = new Map<string, TrainingRecord>()
  // Every architecture first, the slow ones of the list's end before all; then the other seeds.
  const inTurn = [...jobs].reverse().sort((a, b) => a.seed - b.seed)
  await sideBySide(inTurn, options, async (job, signal) => {
    records.set(job.name, await trainOne(job, data(job.plan), options, signal))
  })
  const histories = jobs.map(({ name }) => records.get(name)!.history.map(({ validationAccuracy }) => validationAccuracy))
  const { target, epochs } = parityOf(histories)
  log?.(`parity at ${(100 * target).toFixed(1)}%: each model at its first epoch that reaches it`)
  if (target < accuracy) {
    const weakest = jobs[histories.findIndex(own => Math.max(...own) === target)]!
    throw new UnfitModelsError(
      `${weakest.name} reaches ${(100 * target).toFixed(1)}% at best, a study of preset ${preset.name} needs ${(100 * accuracy).toFixed(0)}%; the models are in ${full}`,
    )
  }
  for (const [i, job] of jobs.entries())
    await writeStopped(job, data(job.plan), records.get(job.name)!, epochs[i]!, join(folder, `${job.name}.onnx`))
  await writeFileAtomic(join(folder, 'preprocessor_config.json'), await readBytes(join(full, 'preprocessor_config.json')))
  const made = new Map<string, TwinRecord>()
  const asked = accuracy > 0 ? twins.asked : twins.anything
  // Other seeds only give maps: they test nothing.
  const testing = inTurn.filter(job => job.seed === 0)
  await sideBySide(testing, options, async ({ name, plan, recipe }, signal) => {
    const { onStep } = options
    const shared = { ...asked, name, folder, seed: recipe.seed ?? 0, signal, ...(log && { log }), ...(onStep && { onStep }) }
    made.set(name, await makeTwin({ ...shared, data: data(plan) }))
  })
  return jobs.map(({ name }, i) => {
    const record = records.get(name)!
    const twin = made.get(name)?.twin
    return {
      name,
      epoch: epochs[i]! + 1,
      accuracy: histories[i]![epochs[i]!]!,
      fullAccuracy: record.accuracy,
      parameters: record.parameters,
      ...(twin && { twinAgreement: twin.agreement }),
    }
  })
}

const epochPath = (output: string, epoch: number): string => `${output}.epoch-${epoch}`

function trainOne(
  { name, recipe, output }: Job,
  data: TrainingData,
  { log, onStep }: TrainHarmonyOptions,
  signal: AbortSignal,
): Promise<TrainingRecord> {
  const onEpoch = ({ epoch, validationAccuracy, seconds }: EpochRecord, epochs: number): void => {
    copyFileSync(`${output}.checkpoint`, epochPath(output, epoch))
    log?.(
      `${name}: epoch ${epoch + 1} of ${epochs}, validation ${(100 * validationAccuracy).toFixed(1)}%, ${seconds.toFixed(0)} s`,
    )
  }
  return trainNamed({ name, recipe, data, output }, { signal, onEpoch, onStep, log })
}

/** The model as it was after an epoch. */
async function writeStopped(
  { recipe, output }: Job,
  data: TrainingData,
  { identity }: TrainingRecord,
  epoch: number,
  path: string,
): Promise<void> {
  const from = epochPath(output, epoch)
  const { carried } = readCheckpoint(await readBytes(from), identity, from)
  const task = taskOf(data)
  const { architecture, options } = recipe
  const graph = exportGraph({
    architecture,
    architectureOptions: options,
    task,
    layout: layoutOf(architecture, options, task),
    parameters: carried['parameters']!,
    statistics: carried['statistics'] ?? new Float32Array(0),
    classes: data.classes,
    metadata: { training: JSON.stringify({ data: data.name, epoch: epoch + 1, identity }) },
  })
  await writeFileAtomic(path, encodeModel(graph))
}
