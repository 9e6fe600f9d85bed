/** @file Trains the models of a study: several at the same time, each with one thread. */
import { resolveOptionSpecs } from '@ascribe/core'
import { ensureFolder } from '@ascribe/core/node'
import { architectureNamed } from '../../architectures/index.js'
import type { Recipe, TrainingRecord } from '../../train/files.js'
import { sideBySide, trainNamed } from '../../train/several.js'
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
  const { architectures, roles, folder, seed } = options
  await ensureFolder(folder)
  const source = remembering(options.source)
  // What takes longest stands last in a preset; it goes first, so that no process is idle at the end.
  const jobs = [...architectures].reverse().flatMap(plan => roles.map(role => ({ plan, role })))
  const done: StudyTraining[] = []
  await sideBySide(jobs, options, async ({ plan, role }, stopped) => {
    const name = `${plan.name}-${role}`
    const recipe = recipeOf(plan, role, seed)
    const data = bamTrainingData(source, role, { perEpoch: plan.perEpoch, validationLimit })
    const record = await trainNamed(
      { name, recipe, data, output: modelPath(folder, plan.name, role) },
      {
        signal: stopped,
        onEpoch: (epoch, epochs) => options.onEpoch?.(name, epoch, epochs),
        onStep: options.onStep,
        log: options.log,
      },
    )
    done.push({ architecture: plan.name, role, record })
  })
  const place = (training: StudyTraining): number =>
    architectures.findIndex(({ name }) => name === training.architecture) * roles.length + roles.indexOf(training.role)
  return done.sort((a, b) => place(a) - place(b))
}
