/** @file Trains the models of a study: several at the same time, each with one thread. */
import { resolveOptionSpecs } from '@ascribe/core'
import { ensureFolder, nodeRuntime } from '@ascribe/core/node'
import { architectureNamed } from '../../architectures/index.js'
import { finishedRun, type Recipe, type TrainingRecord, trainModel } from '../../train/files.js'
import type { EpochRecord } from '../../train/state.js'
import type { ModelRole } from '../metrics/index.js'
import type { BamSource } from '../source.js'
import { bamTrainingData } from '../training-data.js'
import { modelPath } from './models.js'
import { remembering } from './pictures.js'
import type { ArchitecturePlan, Preset } from './presets.js'

export interface TrainStudyOptions {
  readonly preset: Preset
  readonly source: BamSource
  /** Where the models go. */
  readonly folder: string
  readonly architectures: readonly ArchitecturePlan[]
  readonly roles: readonly ModelRole[]
  readonly seed: number
  /** Models trained at the same time; each has one thread. */
  readonly processes: number
  readonly signal?: AbortSignal
  readonly onEpoch?: (name: string, record: EpochRecord, epochs: number) => void
  readonly onStep?: (name: string, share: number, loss: number) => void
  /** Told of models that are already there or go on from a checkpoint. */
  readonly log?: (line: string) => void
}

export interface StudyTraining {
  readonly architecture: string
  readonly role: ModelRole
  readonly record: TrainingRecord
}

/** Validation pictures looked at after each epoch. */
const validationLimit = 1000

export function recipeOf(plan: ArchitecturePlan, role: ModelRole, seed: number): Recipe {
  const architecture = architectureNamed(plan.name)
  return {
    architecture,
    options: resolveOptionSpecs(architecture.name, architecture.options, plan.options),
    epochs: plan.longer?.[role] ?? plan.epochs,
    batch: plan.batch,
    seed,
    ...(plan.optimizer === undefined ? {} : { optimizer: plan.optimizer }),
    ...(plan.learningRate === undefined ? {} : { learningRate: plan.learningRate }),
    ...(plan.weightDecay === undefined ? {} : { weightDecay: plan.weightDecay }),
    ...(plan.labelSmoothing === undefined ? {} : { labelSmoothing: plan.labelSmoothing }),
    ...(plan.clip === undefined ? {} : { clip: plan.clip }),
  }
}

/**
 * Trains what is not there yet. Models of one architecture go side by side, so that two that read the same pictures share them.
 * @throws DivergedError, AbortedError, OutputError, InputError
 */
export async function trainStudy(options: TrainStudyOptions): Promise<StudyTraining[]> {
  const { architectures, roles, folder, seed, signal } = options
  await ensureFolder(folder)
  const source = remembering(options.source)
  // What takes longest stands last in a preset; it goes first, so that no process is idle at the end.
  const jobs = [...architectures].reverse().flatMap(plan => roles.map(role => ({ plan, role })))
  const done: StudyTraining[] = []
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job && !stop.signal.aborted; job = jobs.shift()) {
      const { plan, role } = job
      const record = await trainOne(options, source, plan, role, seed, modelPath(folder, plan.name, role), stop.signal)
      done.push({ architecture: plan.name, role, record })
    }
  }
  const workers = Array.from({ length: Math.min(options.processes, jobs.length) }, work)
  try {
    await Promise.all(workers)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(workers)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  const place = (training: StudyTraining): number =>
    architectures.findIndex(({ name }) => name === training.architecture) * roles.length + roles.indexOf(training.role)
  return done.sort((a, b) => place(a) - place(b))
}

async function trainOne(
  options: TrainStudyOptions,
  source: BamSource,
  plan: ArchitecturePlan,
  role: ModelRole,
  seed: number,
  output: string,
  signal: AbortSignal,
): Promise<TrainingRecord> {
  const name = `${plan.name}-${role}`
  const recipe = recipeOf(plan, role, seed)
  const data = bamTrainingData(source, role, { perEpoch: plan.perEpoch, validationLimit })
  const finished = await finishedRun(recipe, data, output)
  if (finished) {
    options.log?.(`${name}: already trained (${(100 * finished.accuracy).toFixed(1)}%)`)
    return finished
  }
  const runtime = nodeRuntime({ threads: 1 })
  try {
    return await trainModel({
      recipe,
      data,
      output,
      runtime,
      signal,
      onEpoch: (record, epochs) => options.onEpoch?.(name, record, epochs),
      onStep: ({ step, steps, loss }) => options.onStep?.(name, step / steps, loss),
      onResume: epoch => options.log?.(`${name}: goes on after epoch ${epoch}`),
    })
  } finally {
    await runtime.dispose()
  }
}
