/** @file What every stage of a harmony study is given, and how its cells are made and run. */
import { methodNamed, resolveOptions } from '@ascribe/core'
import type { ImageItem } from '../greedy/image/images.js'
import { type Cell, type JsonValue, makeCell, type StageOptions, Stages, type Work } from '../runner/index.js'
import { Scores } from './asked.js'
import { type AgreeOptions, type AgreeValue, type DetectValue, type MapOptions, type MethodSpec, version } from './identity.js'
import type { Family, HarmonyModel } from './models.js'
import type { HarmonyPictures } from './pictures.js'
import type { HarmonyPreset } from './presets.js'
import type { Subject } from './subject.js'

export interface HarmonyStudyOptions extends StageOptions {
  readonly preset: HarmonyPreset
  /** Paths, each with its preprocessor_config.json beside it; the first model's classes are the study's. */
  readonly models: readonly string[]
  /** Families that are not to be read from the graph, by model name. */
  readonly families?: Readonly<Record<string, Family>>
  /** Files of mask-adapted twins, by model name; default `twins/NAME.onnx` beside a model, where there is one. */
  readonly twins?: Readonly<Record<string, string>>
  readonly methods: readonly MethodSpec[]
  /** A folder of pictures, or `generated`. */
  readonly data: string
  /** Side of the square pictures; default 64 for generated ones, else the largest of the models' sides. */
  readonly size?: number
  readonly seed: number
}

/** A picture that every model and every twin answers correctly. */
export interface Scored {
  readonly item: ImageItem
  readonly class: number
  /** Another class, drawn. */
  readonly wrong: number
  /** What is chosen for a picture is chosen on those of the other folds. */
  readonly fold: number
  /** Each model's probability of the class, as a tester: that of its twin where it has one. */
  readonly full: readonly number[]
  /** Each model's own. */
  readonly plain: readonly number[]
}

/** What is scored: a subject on a picture, by a tester. */
export interface ScoreRequest {
  readonly picture: Scored
  readonly subject: Subject
  /** Index of the model. */
  readonly tester: number
  /** The model itself tests, not its twin. */
  readonly plain?: boolean
  /** The top share is removed instead of kept. */
  readonly inverse?: boolean
  readonly onto?: string
  /** Default: the preset's. */
  readonly fractions?: readonly number[]
  /** Default: all. */
  readonly fills?: readonly string[]
}

/** Along the shares, of one fill. */
export interface ScoreCurve {
  readonly top: readonly number[]
  readonly probability: readonly number[]
}

/** What map is asked for beside that of the right class. */
export interface MapAsked {
  readonly of?: 'right' | 'wrong'
  /** Of noise on the picture. */
  readonly draw?: number
  /** Of the model with its weights shuffled. */
  readonly shuffled?: true
}

export class Session extends Stages {
  /** Models that test and are combined: the first of each architecture; all where there are fewer than three architectures. */
  readonly bases: readonly number[]
  readonly #scores = new Scores(this)
  /** Cells by what they were asked for with: their keys take time. */
  readonly #cells = new Map<string, Cell>()

  constructor(
    override readonly options: HarmonyStudyOptions,
    readonly models: readonly HarmonyModel[],
    readonly pictures: HarmonyPictures,
    work: Work,
  ) {
    super('harmony', version, options, work)
    const each = models.map((_, m) => m)
    const firsts = each.filter(m => models.findIndex(({ architecture }) => architecture === models[m]!.architecture) === m)
    this.bases = firsts.length >= 3 ? firsts : each
  }

  get preset(): HarmonyPreset {
    return this.options.preset
  }

  /** Other seeds of the architectures that test: they only give maps. */
  get extras(): readonly number[] {
    return this.models.flatMap((_, m) => (this.bases.includes(m) ? [] : [m]))
  }

  /** Whether two models differ in their weights alone. */
  alike(a: number, b: number): boolean {
    return a !== b && this.models[a]!.architecture === this.models[b]!.architecture
  }

  cell(
    kind: string,
    sample: string,
    options: object,
    extras: { digest?: string; method?: string; cost?: Cell['cost'] } = {},
  ): Cell {
    const { digest, method, cost } = extras
    return makeCell(
      {
        kind,
        version,
        sample,
        seed: this.options.seed,
        ...(digest === undefined ? {} : { model: digest }),
        ...(method === undefined ? {} : { method }),
        options: options as Readonly<Record<string, JsonValue | undefined>>,
      },
      { group: sample, ...(cost && { cost }) },
    )
  }

  /** The map of one model and method. */
  mapCell(picture: Scored, model: number, spec: MethodSpec, asked: MapAsked = {}): Cell {
    const { of = 'right', draw, shuffled } = asked
    const key = `${picture.item.key} ${model} ${spec.label} ${of} ${draw} ${shuffled}`
    const cell = this.#cells.get(key) ?? this.#mapCell(picture, model, spec, asked)
    this.#cells.set(key, cell)
    return cell
  }

  #mapCell({ item, class: own, wrong }: Scored, model: number, spec: MethodSpec, { of, draw, shuffled }: MapAsked): Cell {
    const method = methodNamed(spec.method)
    const options: MapOptions = {
      spec,
      class: of === 'wrong' ? wrong : own,
      size: this.pictures.size,
      ...(draw === undefined ? {} : { draw }),
      ...(shuffled && { shuffled }),
    }
    const { forwards, gradients } = method.cost(resolveOptions(method, spec.options))
    const { digest } = this.models[model]!.model
    return this.cell('map', item.key, options, { digest, method: spec.label, cost: { forwards, gradients } })
  }

  agreeCell(picture: Scored, options: Omit<AgreeOptions, 'size'>): Cell {
    return this.cell('agree', picture.item.key, { ...options, size: this.pictures.size })
  }

  detectCell(picture: Scored, subject: Subject): Cell {
    return this.cell('detect', picture.item.key, { subject, size: this.pictures.size })
  }

  /** Digest of the model that tests. */
  testerDigest(tester: number, plain: boolean): string {
    const { model, twin } = this.models[tester]!
    return (plain ? model : (twin?.model ?? model)).digest
  }

  has(cell: Cell): boolean {
    return this.known.has(cell.key)
  }

  found<Value = AgreeValue | DetectValue>(cell: Cell): Value | undefined {
    return this.known.get(cell.key) as Value | undefined
  }

  /** Scores that no stage has yet, those of one picture and one set of testers in one cell. */
  runScores(stage: string, requests: readonly ScoreRequest[]): Promise<void> {
    return this.#scores.run(stage, requests)
  }

  score(request: ScoreRequest, fill: string): ScoreCurve | undefined {
    return this.#scores.of(request, fill)
  }
}
