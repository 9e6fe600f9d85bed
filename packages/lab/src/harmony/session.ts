/** @file What every stage of a harmony study is given, and how its cells are made and run. */
import { methodNamed, resolveOptions } from '@ascribe/core'
import type { ImageItem } from '../greedy/image/images.js'
import { type Cell, type JsonValue, makeCell, type StageOptions, Stages, type Work } from '../runner/index.js'
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

/** Masked pictures in one cell at most, over testers: about a second's work. */
const largestCell = 800

export class Session extends Stages {
  /** Models that test and are combined: the first of each architecture; all where there are fewer than three architectures. */
  readonly bases: readonly number[]
  readonly #scores = new Map<string, ScoreCurve>()
  /** Subjects by their number: a text of each is kept once. */
  readonly #subjects = new Map<string, number>()
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

  #keyOf({ picture, subject, tester, plain = false, inverse = false, onto, fractions }: ScoreRequest, fill: string): string {
    const text = JSON.stringify(subject)
    const number = this.#subjects.get(text) ?? this.#subjects.size
    this.#subjects.set(text, number)
    const digest = this.testerDigest(tester, plain).slice(0, 12)
    return `${picture.item.key} ${number} ${digest} ${inverse} ${onto} ${fractions} ${fill}`
  }

  /** Scores that no stage has yet, those of one picture and one set of testers in one cell. */
  async runScores(stage: string, requests: readonly ScoreRequest[]): Promise<void> {
    const { preset } = this
    const groups = new Map<string, Map<string, { subject: Subject; requests: ScoreRequest[] }>>()
    for (const request of requests) {
      const { fills = preset.fills } = request
      if (fills.every(fill => this.#scores.has(this.#keyOf(request, fill)))) continue
      const { picture, inverse = false, onto, fractions } = request
      const group = `${picture.item.key} ${inverse} ${onto} ${fractions} ${fills}`
      const subjects = groups.get(group) ?? new Map<string, { subject: Subject; requests: ScoreRequest[] }>()
      groups.set(group, subjects)
      const text = JSON.stringify(request.subject)
      const one = subjects.get(text) ?? { subject: request.subject, requests: [] }
      subjects.set(text, one)
      const digest = this.testerDigest(request.tester, request.plain === true)
      if (!one.requests.some(other => this.testerDigest(other.tester, other.plain === true) === digest))
        one.requests.push(request)
    }
    const cells: { cell: Cell; blocks: { subject: Subject; requests: ScoreRequest[] }[]; fills: readonly string[] }[] = []
    for (const subjects of groups.values()) {
      const bySet = new Map<string, { subject: Subject; requests: ScoreRequest[] }[]>()
      for (const one of subjects.values()) {
        const set = one.requests.map(({ tester, plain }) => `${tester}${plain}`).join()
        bySet.set(set, [...(bySet.get(set) ?? []), one])
      }
      for (const blocks of bySet.values()) {
        const [first] = blocks[0]!.requests as [ScoreRequest]
        const { fills = preset.fills, fractions = preset.fractions } = first
        const masks = fills.length * fractions.length * blocks[0]!.requests.length
        const most = Math.max(1, Math.floor(largestCell / masks))
        for (let at = 0; at < blocks.length; at += most) {
          const own = blocks.slice(at, at + most)
          cells.push({ cell: this.#scoreCell(own, fills, fractions), blocks: own, fills })
        }
      }
    }
    await this.run(
      stage,
      cells.map(({ cell }) => cell),
    )
    for (const { cell, blocks, fills } of cells) {
      const value = this.found<ScoreValue>(cell)
      if (!value) continue
      let at = 0
      for (const { requests: own } of blocks)
        for (const request of own)
          for (const fill of fills) {
            const end = at + (request.fractions ?? preset.fractions).length
            this.#scores.set(this.#keyOf(request, fill), {
              top: value.top.slice(at, end),
              probability: value.probability.slice(at, end),
            })
            at = end
          }
    }
  }

  #scoreCell(
    blocks: readonly { subject: Subject; requests: readonly ScoreRequest[] }[],
    fills: readonly string[],
    fractions: readonly number[],
  ): Cell {
    const { requests } = blocks[0]!
    const [{ picture, inverse = false, onto }] = requests as readonly [ScoreRequest]
    const options: ScoreOptions = {
      subjects: blocks.map(({ subject }) => subject),
      testers: requests.map(({ tester, plain = false }) => this.testerDigest(tester, plain)),
      class: picture.class,
      size: this.pictures.size,
      fractions,
      fills,
      inverse,
      ...(onto === undefined ? {} : { onto }),
    }
    const forwards = blocks.length * requests.length * fills.length * fractions.length
    return this.cell('score', picture.item.key, options, { cost: { forwards, gradients: 0 } })
  }

  has(cell: Cell): boolean {
    return this.known.has(cell.key)
  }

  found<Value = AgreeValue | DetectValue>(cell: Cell): Value | undefined {
    return this.known.get(cell.key) as Value | undefined
  }

  score(request: ScoreRequest, fill: string): ScoreCurve | undefined {
    return this.#scores.get(this.#keyOf(request, fill))
  }
}
