/** @file What every stage of a harmony study is given, and how its cells are made and run. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { methodNamed, resolveOptions } from '@ascribe/core'
import type { ImageItem } from '../greedy/image/images.js'
import {
  type Cell,
  type CellFailure,
  type JsonValue,
  makeCell,
  makePlan,
  type ProgressState,
  runPlan,
  type Work,
} from '../runner/index.js'
import {
  type AgreeOptions,
  type AgreeValue,
  type DetectValue,
  type MapOptions,
  type MethodSpec,
  type ScoreOptions,
  type ScoreValue,
  version,
} from './identity.js'
import type { Family, HarmonyModel } from './models.js'
import type { HarmonyPictures } from './pictures.js'
import type { HarmonyPreset } from './presets.js'
import type { Subject } from './subject.js'

export interface HarmonyStudyOptions {
  readonly preset: HarmonyPreset
  /** Paths, each with its preprocessor_config.json beside it; the first model's classes are the study's. */
  readonly models: readonly string[]
  /** Families that are not to be read from the graph, by model name. */
  readonly families?: Readonly<Record<string, Family>>
  readonly methods: readonly MethodSpec[]
  /** A folder of pictures, or `generated`. */
  readonly data: string
  /** Side of the square pictures; default 64 for generated ones, else the largest of the models' sides. */
  readonly size?: number
  readonly folder: string
  readonly seed: number
  /** Worker processes with one thread each; 0: this process. */
  readonly processes: number
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

/** A picture that every model answers correctly. */
export interface Scored {
  readonly item: ImageItem
  readonly class: number
  /** Another class, drawn. */
  readonly wrong: number
  /** Pictures of the selection half choose; those of the other are scored. */
  readonly selection: boolean
  /** Each model's probability of the class. */
  readonly full: readonly number[]
}

/** What is scored: a subject on a picture, by a tester. */
export interface ScoreRequest {
  readonly picture: Scored
  readonly subject: Subject
  /** Index of the model. */
  readonly tester: number
  readonly inverse?: true
  readonly onto?: string
  readonly fractions?: readonly number[]
}

export class Session {
  readonly failed: CellFailure[] = []
  readonly digests: string[] = []
  readonly #known = new Map<string, unknown>()
  /** Cells by what they were asked for with: their keys take time. */
  readonly #cells = new Map<string, Cell>()

  constructor(
    readonly options: HarmonyStudyOptions,
    readonly models: readonly HarmonyModel[],
    readonly pictures: HarmonyPictures,
    private readonly work: Work,
  ) {}

  get preset(): HarmonyPreset {
    return this.options.preset
  }

  cell(
    kind: string,
    sample: string,
    options: object,
    extras: { model?: number; method?: string; cost?: Cell['cost'] } = {},
  ): Cell {
    const { model, method, cost } = extras
    return makeCell(
      {
        kind,
        version,
        sample,
        seed: this.options.seed,
        ...(model === undefined ? {} : { model: this.models[model]!.model.digest }),
        ...(method === undefined ? {} : { method }),
        options: options as Readonly<Record<string, JsonValue | undefined>>,
      },
      { group: sample, ...(cost && { cost }) },
    )
  }

  #once(key: string, make: () => Cell): Cell {
    const cell = this.#cells.get(key) ?? make()
    this.#cells.set(key, cell)
    return cell
  }

  /** The map of one model and method. @param draw of noise on the picture */
  mapCell(picture: Scored, model: number, spec: MethodSpec, of: 'right' | 'wrong' = 'right', draw?: number): Cell {
    return this.#once(`map ${picture.item.key} ${model} ${spec.label} ${of} ${draw}`, () =>
      this.#mapCell(picture, model, spec, of, draw),
    )
  }

  #mapCell({ item, class: own, wrong }: Scored, model: number, spec: MethodSpec, of: 'right' | 'wrong', draw?: number): Cell {
    const method = methodNamed(spec.method)
    const options: MapOptions = {
      spec,
      class: of === 'right' ? own : wrong,
      size: this.pictures.size,
      ...(draw === undefined ? {} : { draw }),
    }
    const { forwards, gradients } = method.cost(resolveOptions(method, spec.options))
    return this.cell('map', item.key, options, { model, method: spec.label, cost: { forwards, gradients } })
  }

  scoreCell(request: ScoreRequest): Cell {
    const { picture, subject, tester, inverse, onto, fractions } = request
    const key = `score ${picture.item.key} ${JSON.stringify(subject)} ${tester} ${inverse} ${onto} ${fractions}`
    return this.#once(key, () => this.#scoreCell(request))
  }

  #scoreCell({ picture, subject, tester, inverse, onto, fractions = this.preset.fractions }: ScoreRequest): Cell {
    const { fills } = this.preset
    const options: ScoreOptions = {
      subject,
      class: picture.class,
      size: this.pictures.size,
      fractions,
      fills,
      inverse: inverse === true,
      ...(onto === undefined ? {} : { onto }),
    }
    const forwards = fills.length * fractions.length * (inverse ? 2 : 1)
    return this.cell('score', picture.item.key, options, { model: tester, cost: { forwards, gradients: 0 } })
  }

  agreeCell(picture: Scored, options: Omit<AgreeOptions, 'size'>): Cell {
    return this.cell('agree', picture.item.key, { ...options, size: this.pictures.size })
  }

  detectCell(picture: Scored, subject: Subject): Cell {
    return this.cell('detect', picture.item.key, { subject, size: this.pictures.size })
  }

  /** Runs what no stage has found yet; failures are kept for the report. */
  async run(stage: string, cells: readonly Cell[], protocol?: JsonValue): Promise<void> {
    const { processes, signal, log, onProgress, folder } = this.options
    const fresh = [...new Map(cells.map(cell => [cell.key, cell])).values()].filter(({ key }) => !this.#known.has(key))
    const plan = makePlan({ study: `harmony ${stage}`, version, cells: fresh, ...(protocol === undefined ? {} : { protocol }) })
    this.digests.push(plan.digest)
    if (fresh.length === 0) return
    const { values, failed } = await runPlan(plan, this.work, {
      folder: join(folder, stage),
      concurrency: Math.max(1, processes),
      retries: 1,
      ...(signal && { signal }),
      ...(log && { log }),
      ...(onProgress && { onProgress }),
    })
    for (const [key, value] of values) this.#known.set(key, value)
    this.failed.push(...failed)
  }

  has(cell: Cell): boolean {
    return this.#known.has(cell.key)
  }

  valueOf<Value = AgreeValue | DetectValue>(cell: Cell): Value | undefined {
    return this.#known.get(cell.key) as Value | undefined
  }

  score(request: ScoreRequest): ScoreValue | undefined {
    return this.valueOf<ScoreValue>(this.scoreCell(request))
  }

  /** Of all plans. */
  get digest(): string {
    return createHash('sha256').update(this.digests.join()).digest('hex')
  }
}
