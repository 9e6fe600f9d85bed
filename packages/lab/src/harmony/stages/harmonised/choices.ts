/** @file What is combined for each method, tester and fold: models, weights, rivals. All of it is chosen on the other folds. */
import { spread } from '../../../order.js'
import { mean } from '../../../statistics/index.js'
import type { Mapped, TransferResult } from '../../result.js'
import { areaOf, mapSubject } from '../../scores.js'
import type { Scored, ScoreRequest, Session } from '../../session.js'
import { type Harmoniser, harmonisers, type Subject } from '../../subject.js'
import { weightsWithout } from '../../transfer.js'

export type Spec = Mapped['methods'][number]

/** The reading that gains are measured with, and all choices are made by (on the first fill): named in advance. */
const reading = 'probability'

export const indexOfLargest = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > values[best]! || Number.isNaN(values[best]!) ? i : best), 0)

/** Weights as text keep six digits: cells are found again by them. */
const rounded = (weights: readonly number[]): number[] => weights.map(value => Number(value.toFixed(6)))

interface Combining {
  readonly by: Harmoniser
  readonly maps: readonly string[]
  /** For weighted ones; without weights those are the mean. */
  readonly weights?: readonly number[] | undefined
  /** In pixels of the maps. */
  readonly sigma?: number | undefined
}

function combined({ by: { normaliser, scheme, weighted }, maps, weights, sigma }: Combining): Subject {
  const blur = sigma === undefined ? {} : { sigma }
  if (weighted && !weights) return { kind: 'combined', maps, normaliser, scheme: 'mean', ...blur }
  return { kind: 'combined', maps, normaliser, scheme, ...(weighted && { weights: rounded(weights!) }), ...blur }
}

/**
 * What is blurred, its sigma chosen on the other folds: the best single map, combinations by the first harmoniser of the list, and the one
 * with weights from transfer.
 */
export type Blurred = 'single' | 'harmonised' | 'weighted' | 'draws' | 'seeds'

/** One method's maps for one tester, and what was chosen for the pictures of one fold on those of the others. */
export interface Choice {
  readonly spec: Spec
  readonly tester: number
  readonly fold: number
  /** Models that are combined. */
  readonly others: readonly number[]
  /** Of the others, in order. */
  readonly weights: readonly number[]
  /** The model whose own maps serve this tester best. */
  readonly best: number
  /** Most useful models of one architecture other than the tester's; undefined where there are no two. */
  readonly seeds: readonly number[] | undefined
}

const keyOf = ({ spec, tester, fold }: Pick<Choice, 'spec' | 'tester' | 'fold'>): string => `${spec.label} ${tester} ${fold}`

export class Harmony {
  readonly #choices = new Map<string, Choice>()
  readonly #sigmas = new Map<string, number>()
  readonly chosenSchemes = new Map<string, Harmoniser>()
  readonly pictures: readonly Scored[]
  /** Pictures that noise draws are made of. */
  readonly drawn: readonly Scored[]
  readonly methods: readonly Spec[]
  readonly list: readonly Harmoniser[]
  readonly folds: readonly number[]

  constructor(
    readonly session: Session,
    mapped: Mapped,
    transfer: TransferResult,
  ) {
    this.pictures = mapped.pictures
    this.drawn = spread(mapped.pictures).slice(0, session.preset.controls)
    this.methods = mapped.methods
    this.list = harmonisers.slice(0, session.preset.harmonisers)
    this.folds = Array.from({ length: session.preset.folds }, (_, fold) => fold)
    for (const spec of this.methods)
      for (const tester of session.bases)
        for (const fold of this.folds)
          this.#choices.set(keyOf({ spec, tester, fold }), this.#choose(spec, tester, fold, transfer))
  }

  /** Whether every tester has seeds of another architecture. */
  get seeded(): boolean {
    return [...this.#choices.values()].every(({ seeds }) => seeds)
  }

  /** The harmoniser with weights from transfer, where it is among those tried. */
  get weighted(): Harmoniser | undefined {
    return this.list.find(({ weighted }) => weighted)
  }

  get fill(): string {
    return this.session.preset.fills[0]!
  }

  choice(spec: Spec, tester: number, fold: number): Choice {
    return this.#choices.get(keyOf({ spec, tester, fold }))!
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
    return { spec, tester, fold, others, weights: others.map(g => all[bases.indexOf(g)]!), best, seeds }
  }

  area(request: ScoreRequest, fill = this.fill): number {
    return areaOf(this.session, request, fill, reading)
  }

  single(picture: Scored, g: number, spec: Spec, tester: number): ScoreRequest {
    return { picture, subject: mapSubject(this.session, picture, g, spec), tester }
  }

  #mapsOf(picture: Scored, { spec }: Choice, models: readonly number[]): string[] {
    return models.map(g => this.session.mapCell(picture, g, spec).key)
  }

  harmonised(picture: Scored, choice: Choice, by: Harmoniser, sigma?: number): ScoreRequest {
    const { others, weights, tester } = choice
    return { picture, subject: combined({ by, maps: this.#mapsOf(picture, choice, others), weights, sigma }), tester }
  }

  seeds(picture: Scored, choice: Choice, by: Harmoniser, sigma?: number): ScoreRequest {
    const maps = this.#mapsOf(picture, choice, choice.seeds!)
    return { picture, subject: combined({ by, maps, sigma }), tester: choice.tester }
  }

  drawCells(picture: Scored, { spec, best, others }: Choice) {
    return others.map((_, d) => this.session.mapCell(picture, best, spec, { draw: d + 1 }))
  }

  draws(picture: Scored, choice: Choice, by: Harmoniser, sigma?: number): ScoreRequest {
    const maps = this.drawCells(picture, choice).map(({ key }) => key)
    return { picture, subject: combined({ by, maps, sigma }), tester: choice.tester }
  }

  /** @param sigma in pixels at 64; default what was chosen */
  blurred(kind: Blurred, picture: Scored, choice: Choice, sigma = this.#sigmas.get(`${kind} ${keyOf(choice)}`)!): ScoreRequest {
    const { session, list } = this
    const pixels = (sigma * session.pictures.size) / 64
    if (kind === 'weighted') return this.harmonised(picture, choice, this.weighted!, pixels)
    if (kind !== 'single') return this[kind](picture, choice, list[0]!, pixels)
    const { key } = session.mapCell(picture, choice.best, choice.spec)
    return { picture, subject: { kind: 'blurred', map: key, sigma: pixels }, tester: choice.tester }
  }

  /** Scores every sigma with the first fill, and keeps the best of every method, tester and fold. */
  async chooseSigmas(): Promise<void> {
    const { session, fill } = this
    const { sigmas } = session.preset
    const kinds: readonly Blurred[] = [
      ...(['single', 'harmonised', 'draws'] as const),
      ...(this.seeded ? (['seeds'] as const) : []),
      ...(this.weighted ? (['weighted'] as const) : []),
    ]
    const deciding = (kind: Blurred, { fold }: Choice): readonly Scored[] => {
      const own = this.deciding(fold)
      return kind === 'draws' ? own.filter(picture => this.drawn.includes(picture)) : own
    }
    const each = kinds.flatMap(kind => this.each(choice => [{ kind, choice, pictures: deciding(kind, choice) }]))
    await session.runScores(
      'blurred',
      each.flatMap(({ kind, choice, pictures }) =>
        pictures.flatMap(picture => sigmas.map(sigma => ({ ...this.blurred(kind, picture, choice, sigma), fills: [fill] }))),
      ),
    )
    for (const { kind, choice, pictures } of each) {
      const scores = sigmas.map(sigma => mean(pictures.map(picture => this.area(this.blurred(kind, picture, choice, sigma)))))
      this.#sigmas.set(`${kind} ${keyOf(choice)}`, sigmas[indexOfLargest(scores)]!)
    }
  }

  /** For each method, tester and fold. */
  each<Value>(make: (choice: Choice) => readonly Value[]): Value[] {
    return [...this.#choices.values()].flatMap(make)
  }
}
