/** @file What every stage of a study is given: the model, the pictures, and how cells are made and run. */
import type { Model } from '@ascribe/core'
import { type Cell, type CellCost, makeCell, type StageOptions, Stages, type Work } from '../../../runner/index.js'
import { asJson, version, versionOf } from '../identity.js'
import type { ImageSet } from '../images.js'
import type { ImagePreset } from '../presets.js'

export interface ImageStudyOptions extends StageOptions {
  readonly preset: ImagePreset
  /** Path of the model; its preprocessing lies beside it. */
  readonly model: string
  /** Path of the same model fine-tuned on masked pictures; it scores beside the model. */
  readonly twin?: string
  /** A folder of pictures, or `generated`. */
  readonly data: string
  /** Which class generated pictures are labelled by. Default: by the model's labels. */
  readonly set?: 'obj' | 'scene'
  readonly seed: number
}

interface CellParts {
  readonly kind: string
  readonly sample: string
  readonly options?: object
  readonly method?: string
  readonly cost?: CellCost
}

export class Session extends Stages {
  constructor(
    override readonly options: ImageStudyOptions,
    readonly model: Model,
    readonly twin: Model | undefined,
    readonly images: ImageSet,
    /** Pixels along each side of what the model takes. */
    readonly side: number,
    work: Work,
  ) {
    super('greedy image', version, options, work)
  }

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
}
