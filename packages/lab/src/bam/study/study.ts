/** @file What a study is asked, and what it found. */
import { AscribeError, type Runtime } from '@ascribe/core'
import type { CellFailure, ProgressState } from '../../runner/index.js'
import type { ConceptResult } from '../concept/index.js'
import type { Admitted, MeasuredImportance, SwapLogits } from '../importance.js'
import type { Metric, MetricImage, ModelRole } from '../metrics/index.js'
import type { DescentOptions } from '../patch/index.js'
import type { BamSource } from '../source.js'
import type { ExampleMaps } from './example-stage.js'
import type { StudyMethod } from './methods.js'
import type { OwnModels } from './models.js'
import type { PatchValue } from './patch-stage.js'
import type { Preset } from './presets.js'
import type { Readings } from './readings.js'

/** A study whose models are not good enough to be scored. */
export class UnfitModelsError extends AscribeError {}

export interface ScoreStudyOptions {
  readonly preset: Preset
  readonly source: BamSource
  readonly models: string
  /** Where results are kept, one folder per stage. */
  readonly folder: string
  readonly architectures: readonly string[]
  readonly roles: readonly ModelRole[]
  readonly own?: OwnModels
  readonly methods: readonly StudyMethod[]
  /** Default `log-odds:predicted`; the paper explains `predicted`, the logit. */
  readonly target: string
  readonly descent?: DescentOptions
  readonly seed: number
  readonly runtime: Runtime
  /** Only read what is there: anything missing is an error. */
  readonly stored?: boolean
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

export interface ModelAnswers {
  readonly role: ModelRole
  readonly path: string
  readonly accuracy: number
  readonly count: number
}

/** What was measured on one architecture. */
export interface ArchitectureScores {
  readonly architecture: string
  readonly answers: readonly ModelAnswers[]
  readonly importance?: { readonly obj: MeasuredImportance; readonly scene: MeasuredImportance; readonly admitted: Admitted }
  /** Share of pictures that f_obj and f_scene both answer correctly. */
  readonly jointlyCorrect?: number
  /** With and without the dog, by model of the ladder. */
  readonly ladder: ReadonlyMap<ModelRole, { readonly withDog: readonly SwapLogits[]; readonly withoutDog: readonly SwapLogits[] }>
  readonly patches: readonly PatchValue[]
  readonly concepts: ReadonlyMap<ModelRole, ConceptResult>
  /** Reads one attribution's number. */
  readonly reading: (
    method: StudyMethod,
    wanted: Parameters<Readings['find']>[3],
    variant: Parameters<Readings['find']>[4],
  ) => ReturnType<Readings['find']>
  /** Images of a metric for a method, with what excludes them. */
  readonly images: (metric: Metric, limit: number, options?: Readonly<Record<string, number>>) => MetricImage[]
  /** How many images of a metric a method is scored on; 0 where it is not. */
  readonly limitOf: (method: StudyMethod, metric: Metric) => number
  readonly examples: readonly ExampleMaps[]
}

export interface StudyScores {
  readonly architectures: readonly ArchitectureScores[]
  readonly metrics: readonly Metric[]
  readonly failed: readonly CellFailure[]
  /** Digest of all plans. */
  readonly digest: string
}
