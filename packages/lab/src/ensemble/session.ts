/** @file What every stage of an ensemble study is given, and how its cells are made and run. */
import type { Model } from '@ascribe/core'
import type { ImageItem, ImageSet } from '../greedy/image/images.js'
import { type Cell, type CellCost, type JsonValue, makeCell, type StageOptions, Stages, type Work } from '../runner/index.js'
import { aimOf, type MapKeys, type MaskOnlyOptions, type ScoreOptions, type ScoreValue, version } from './identity.js'
import type { MemberSpec } from './members.js'
import type { EnsemblePreset } from './presets.js'

export interface EnsembleStudyOptions extends StageOptions {
  readonly preset: EnsemblePreset
  /** Path of the model; its preprocessing lies beside it. */
  readonly model: string
  /** Path of the same model fine-tuned on masked pictures: where there is one, it is what scores first. */
  readonly twin?: string
  readonly members: readonly MemberSpec[]
  /** A folder of pictures, or `generated`. */
  readonly data: string
  readonly seed: number
}

/** A picture that counts. */
export interface Scored {
  readonly item: ImageItem
  readonly class: number
  readonly probability: number
}

/** The same with where its maps and forms are kept. */
export interface Mapped extends Scored {
  readonly maps: MapKeys
  readonly forms: string
  readonly fold: number
}

/** What is scored of a picture. */
export interface ScoreRequest extends Pick<ScoreOptions, 'entry' | 'junk' | 'best' | 'members'> {
  readonly picture: Mapped
  /** Who predicts. Default: the twin where there is one, else the model. */
  readonly by?: 'model'
  /** IROF and infidelity too. */
  readonly full?: true
}

export class Session extends Stages {
  constructor(
    override readonly options: EnsembleStudyOptions,
    readonly model: Model,
    readonly twin: Model | undefined,
    readonly images: ImageSet,
    work: Work,
  ) {
    super('ensembles', version, options, work)
  }

  get preset(): EnsemblePreset {
    return this.options.preset
  }

  cell(kind: string, sample: string, options: object, cost?: CellCost, method?: string): Cell {
    return makeCell(
      {
        kind,
        version,
        sample,
        seed: this.options.seed,
        model: this.model.digest,
        ...(method === undefined ? {} : { method }),
        options: options as Readonly<Record<string, JsonValue | undefined>>,
      },
      { group: sample, ...(cost && { cost }) },
    )
  }

  /** Passes of one score. */
  scoreCost(full: boolean): CellCost {
    const { steps, segments, perturbations } = this.preset
    const regions = Number(segments.split(':')[1] ?? 64) ** (segments.startsWith('grid') ? 2 : 1)
    return { forwards: 4 * (steps - 1) + (full ? regions + perturbations / 10 : 0), gradients: 0 }
  }

  #scoreOptions({ picture, entry, by }: Pick<ScoreRequest, 'picture' | 'entry' | 'by'>): ScoreOptions {
    const { steps, segments } = this.preset
    return {
      entry,
      maps: picture.maps,
      class: picture.class,
      steps,
      segments,
      ...(aimOf(entry) ? { forms: picture.forms } : {}),
      ...(this.twin && by !== 'model' ? { twin: this.twin.digest } : {}),
    }
  }

  scoreCell(request: ScoreRequest): Cell {
    const { picture, junk, best, members, full } = request
    const options: ScoreOptions = {
      ...this.#scoreOptions(request),
      ...(junk && junk.length > 0 ? { junk } : {}),
      ...(junk?.includes('inverted') ? { best: best! } : {}),
      ...(members === undefined || members === picture.maps.members.length ? {} : { members }),
      ...(full ? { perturbations: this.preset.perturbations } : {}),
    }
    return this.cell('score', picture.item.key, options, this.scoreCost(full === true))
  }

  /** @param other key of a picture of another class */
  maskOnlyCell(request: Pick<ScoreRequest, 'picture' | 'entry'>, other: string): Cell {
    const options: MaskOnlyOptions = { ...this.#scoreOptions(request), other }
    return this.cell('mask-only', request.picture.item.key, options, { forwards: 3 * (this.preset.steps + 1), gradients: 0 })
  }

  /** Scores in the order asked for; undefined where one failed. */
  async scores(stage: string, asked: readonly ScoreRequest[]): Promise<(ScoreValue | undefined)[]> {
    const cells = asked.map(request => this.scoreCell(request))
    const values = await this.run<ScoreValue>(stage, cells)
    return cells.map(({ key }) => values.get(key))
  }
}
