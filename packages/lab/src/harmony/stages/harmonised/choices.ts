/** @file What is combined for each method, tester and fold: models, weights, rivals. All of it is chosen on the other folds. */
import type { Mapped, TransferResult } from '../../result.js'
import { areaOf, mapSubject } from '../../scores.js'
import type { Scored, ScoreRequest, Session } from '../../session.js'
import { type Harmoniser, harmonisers, type Subject } from '../../subject.js'
import { weightsWithout } from '../../transfer.js'

export type Spec = Mapped['methods'][number]

/** The reading that gains are measured with, and all choices are made by (on the first fill): named in advance. */
const reading = 'probability'

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length

export const indexOfLargest = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > values[best]! || Number.isNaN(values[best]!) ? i : best), 0)

/** Weights as text keep six digits: cells are found again by them. */
const rounded = (weights: readonly number[]): number[] => weights.map(value => Number(value.toFixed(6)))

function combined({ normaliser, scheme, weighted }: Harmoniser, maps: readonly string[], weights?: readonly number[]): Subject {
  if (weighted && !weights) return { kind: 'combined', maps, normaliser, scheme: 'mean' }
  return { kind: 'combined', maps, normaliser, scheme, ...(weighted && { weights: rounded(weights!) }) }
}

/** One method's maps for one tester, and what was chosen for the pictures of one fold on those of the others. */
export interface Choice {
  readonly spec: Spec
  readonly tester: number
  /** Models that are combined. */
  readonly others: readonly number[]
  /** Of the others, in order. */
  readonly weights: readonly number[]
  /** The model whose own maps serve this tester best. */
  readonly best: number
  /** Most useful models of one architecture other than the tester's; undefined where there are no two. */
  readonly seeds: readonly number[] | undefined
}

export class Harmony {
  readonly #choices = new Map<string, Choice>()
  readonly sigmas = new Map<Choice, number>()
  readonly chosenSchemes = new Map<string, Harmoniser>()
  readonly pictures: readonly Scored[]
  readonly methods: readonly Spec[]
  readonly list: readonly Harmoniser[]
  readonly folds: readonly number[]

  constructor(
    readonly session: Session,
    mapped: Mapped,
    transfer: TransferResult,
  ) {
    this.pictures = mapped.pictures
    this.methods = mapped.methods
    this.list = harmonisers.slice(0, session.preset.harmonisers)
    this.folds = Array.from({ length: session.preset.folds }, (_, fold) => fold)
    for (const spec of this.methods)
      for (const tester of session.bases)
        for (const fold of this.folds)
          this.#choices.set(`${spec.label} ${tester} ${fold}`, this.#choose(spec, tester, fold, transfer))
  }

  get fill(): string {
    return this.session.preset.fills[0]!
  }

  choice(spec: Spec, tester: number, fold: number): Choice {
    return this.#choices.get(`${spec.label} ${tester} ${fold}`)!
  }

  /** Pictures that decide for those of a fold. */
  deciding(fold: number): readonly Scored[] {
    return this.pictures.filter(picture => picture.fold !== fold)
  }

  #choose(spec: Spec, tester: number, fold: number, transfer: TransferResult): Choice {
    const { session } = this
    const { bases, models } = session
    const others = bases.filter(g => g !== tester)
    const all = weightsWithout(transfer.selection.get(spec.label)![fold]!, bases.indexOf(tester))
    const serves = new Map(
      others.map(g => [g, mean(this.deciding(fold).map(picture => this.area(this.single(picture, g, spec, tester))))] as const),
    )
    const groups = [...new Set(models.map(({ architecture }) => architecture))]
      .filter(architecture => architecture !== models[tester]!.architecture)
      .map(architecture => models.flatMap((model, m) => (model.architecture === architecture ? [m] : [])))
      .filter(({ length }) => length > 1)
    const seeds = groups[indexOfLargest(groups.map(group => serves.get(group.find(m => serves.has(m))!)!))]
    const best = others[indexOfLargest(others.map(g => serves.get(g)!))]!
    return { spec, tester, others, weights: others.map(g => all[bases.indexOf(g)]!), best, seeds }
  }

  area(request: ScoreRequest, fill = this.fill): number {
    return areaOf(this.session, request, fill, reading)
  }

  single(picture: Scored, g: number, spec: Spec, tester: number): ScoreRequest {
    return { picture, subject: mapSubject(this.session, picture, g, spec), tester }
  }

  /** Over the models given; `weights` are for weighted ones. */
  over(picture: Scored, { spec, tester }: Choice, models: readonly number[], by: Harmoniser, weights?: readonly number[]) {
    const maps = models.map(g => this.session.mapCell(picture, g, spec).key)
    return { picture, subject: combined(by, maps, weights), tester } satisfies ScoreRequest
  }

  harmonised(picture: Scored, choice: Choice, by: Harmoniser): ScoreRequest {
    return this.over(picture, choice, choice.others, by, choice.weights)
  }

  blurred(picture: Scored, { spec, tester, best }: Choice, sigma: number): ScoreRequest {
    const { pictures } = this.session
    const { key } = this.session.mapCell(picture, best, spec)
    return { picture, subject: { kind: 'blurred', map: key, sigma: (sigma * pictures.size) / 64 }, tester }
  }

  drawCells(picture: Scored, { spec, best, others }: Choice) {
    return others.map((_, d) => this.session.mapCell(picture, best, spec, { draw: d + 1 }))
  }

  draws(picture: Scored, choice: Choice, by: Harmoniser): ScoreRequest {
    const maps = this.drawCells(picture, choice).map(({ key }) => key)
    return { picture, subject: combined(by, maps), tester: choice.tester }
  }

  /** For each method, tester and fold. */
  each<Value>(make: (choice: Choice, fold: number) => readonly Value[]): Value[] {
    return this.methods.flatMap(spec =>
      this.session.bases.flatMap(tester => this.folds.flatMap(fold => make(this.choice(spec, tester, fold), fold))),
    )
  }
}
