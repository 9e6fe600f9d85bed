/** @file What every stage of a study is given: the model, the pictures, and how cells are made and run. */
import { join } from 'node:path'
import type { Model } from '@ascribe/core'
import {
  type Cell,
  type CellCost,
  type CellFailure,
  type JsonValue,
  makeCell,
  makePlan,
  type ProgressState,
  runPlan,
  type Work,
} from '../../../runner/index.js'
import { asJson, version, versionOf } from '../identity.js'
import type { ImageSet } from '../images.js'
import type { ImagePreset } from '../presets.js'

export interface ImageStudyOptions {
  readonly preset: ImagePreset
  /** Path of the model; its preprocessing lies beside it. */
  readonly model: string
  /** Path of the same model fine-tuned on masked pictures; it scores beside the model. */
  readonly twin?: string
  /** A folder of pictures, or `generated`. */
  readonly data: string
  /** Which class generated pictures are labelled by. Default: by the model's labels. */
  readonly set?: 'obj' | 'scene'
  /** Where results are kept, one folder per stage. */
  readonly folder: string
  readonly seed: number
  /** Worker processes with one thread each; 0: this process. */
  readonly processes: number
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

interface CellParts {
  readonly kind: string
  readonly sample: string
  readonly options?: object
  readonly method?: string
  readonly cost?: CellCost
}

export class Session {
  readonly failed: CellFailure[] = []
  readonly digests: string[] = []

  constructor(
    readonly options: ImageStudyOptions,
    readonly model: Model,
    readonly twin: Model | undefined,
    readonly images: ImageSet,
    /** Pixels along each side of what the model takes. */
    readonly side: number,
    private readonly work: Work,
  ) {}

  get preset(): ImagePreset {
    return this.options.preset
  }

  get seed(): number {
    return this.options.seed
  }

  /** Options with the twin, where there is one: it scores too. */
  twinned<Options extends object>(options: Options): Options & { twin?: string } {
    return { ...options, ...(this.twin && { twin: this.twin.digest }) }
  }

  /** Cells of one picture come after each other in one process. */
  cell({ kind, sample, options, method, cost }: CellParts): Cell {
    return makeCell(
      {
        kind,
        version: versionOf(kind),
        sample,
        seed: this.seed,
        model: this.model.digest,
        ...(method === undefined ? {} : { method }),
        options: asJson({ segments: this.preset.segments, ...options }),
      },
      { group: sample, ...(cost && { cost }) },
    )
  }

  folderOf(stage: string): string {
    return join(this.options.folder, stage)
  }

  /** Runs what is not finished of a stage; values by key. Failures are kept for the report. */
  async run<Value>(stage: string, cells: readonly Cell[], protocol?: JsonValue): Promise<ReadonlyMap<string, Value>> {
    const { processes, signal, log, onProgress } = this.options
    const plan = makePlan({ study: `greedy image ${stage}`, version, cells, ...(protocol === undefined ? {} : { protocol }) })
    this.digests.push(plan.digest)
    if (cells.length === 0) return new Map()
    const { values, failed } = await runPlan(plan, this.work, {
      folder: this.folderOf(stage),
      concurrency: Math.max(1, processes),
      retries: 1,
      ...(signal && { signal }),
      ...(log && { log }),
      ...(onProgress && { onProgress }),
    })
    this.failed.push(...failed)
    return values as ReadonlyMap<string, Value>
  }
}
