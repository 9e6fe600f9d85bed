/** @file Maps harmonised over all models but the tester, against the best that fewer models can do. */
import { detectableDifference, standardDeviation } from '../../statistics/describe.js'
import { holm } from '../../statistics/index.js'
import { meanInterval } from '../intervals.js'
import type { Gain, GainVerdict, HarmonisedResult, Mapped, TransferResult } from '../result.js'
import { areaOf, mapSubject } from '../scores.js'
import type { Scored, ScoreRequest, Session } from '../session.js'
import { type Harmoniser, harmoniserLabel, harmonisers, type Subject } from '../subject.js'
import { weightsWithout } from '../transfer.js'

type Spec = Mapped['methods'][number]

/** The reading that gains are measured with, and all choices are made by (on the first fill): named in advance. */
const reading = 'probability'
/** Gains are judged by the mean over the fills. */
const allFills = 'mean over fills'
const singleRival = 'best single map'

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length

const indexOfLargest = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > values[best]! || Number.isNaN(values[best]!) ? i : best), 0)

/** Weights as text keep six digits: cells are found again by them. */
const rounded = (weights: readonly number[]): number[] => weights.map(value => Number(value.toFixed(6)))

function combined({ normaliser, scheme, weighted }: Harmoniser, maps: readonly string[], weights?: readonly number[]): Subject {
  if (weighted && !weights) return { kind: 'combined', maps, normaliser, scheme: 'mean' }
  return { kind: 'combined', maps, normaliser, scheme, ...(weighted && { weights: rounded(weights!) }) }
}

/** One method's maps for one tester, and what was chosen for the pictures of one fold on those of the others. */
interface Choice {
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

class Harmony {
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

type Rival = (picture: Scored, choice: Choice, by: Harmoniser) => ScoreRequest

export async function harmonisedStage(session: Session, mapped: Mapped, transfer: TransferResult): Promise<HarmonisedResult> {
  const { preset, bases } = session
  if (bases.length < 3)
    return {
      refused: 'Nothing was harmonised: that takes three models or more, one as the tester and two that are combined.',
      gains: [],
      verdicts: [],
      weights: [],
    }
  const harmony = new Harmony(session, mapped, transfer)
  const { list, pictures, methods } = harmony
  const first = { fills: [harmony.fill] }
  await session.runScores(
    'harmonised',
    harmony.each((choice, fold) =>
      pictures.flatMap(picture => [
        // Schemes without weights are the same whatever the fold.
        ...(fold === 0 ? list.filter(({ weighted }) => !weighted) : []).map(by => ({
          ...harmony.harmonised(picture, choice, by),
          ...first,
        })),
        ...list.filter(({ weighted }) => weighted).map(by => ({ ...harmony.harmonised(picture, choice, by), ...first })),
      ]),
    ),
  )
  await session.runScores(
    'blurred',
    harmony.each((choice, fold) =>
      harmony
        .deciding(fold)
        .flatMap(picture => preset.sigmas.map(sigma => ({ ...harmony.blurred(picture, choice, sigma), ...first }))),
    ),
  )
  harmony.each((choice, fold) => {
    const scores = preset.sigmas.map(sigma =>
      mean(harmony.deciding(fold).map(picture => harmony.area(harmony.blurred(picture, choice, sigma)))),
    )
    harmony.sigmas.set(choice, preset.sigmas[indexOfLargest(scores)]!)
    return []
  })
  for (const spec of methods)
    for (const fold of harmony.folds) {
      const scores = list.map(by =>
        mean(
          bases.flatMap(tester =>
            harmony
              .deciding(fold)
              .map(picture => harmony.area(harmony.harmonised(picture, harmony.choice(spec, tester, fold), by))),
          ),
        ),
      )
      harmony.chosenSchemes.set(`${spec.label} ${fold}`, list[indexOfLargest(scores)]!)
    }
  return { ...(await against(harmony)), weights: weightsOf(harmony) }
}

/** Scores every fill of what was chosen, and of the rivals; the rest is arithmetic. */
async function against(harmony: Harmony): Promise<Pick<HarmonisedResult, 'gains' | 'verdicts'>> {
  const { session, pictures, methods, list } = harmony
  const { preset, bases } = session
  const drawn = pictures.slice(0, preset.controls)
  const own = (picture: Scored, spec: Spec, tester: number): Choice => harmony.choice(spec, tester, picture.fold)
  const schemes: Record<'in advance' | 'by cross-fitting', (spec: Spec, fold: number) => Harmoniser> = {
    'in advance': () => list[0]!,
    'by cross-fitting': (spec, fold) => harmony.chosenSchemes.get(`${spec.label} ${fold}`)!,
  }
  const seeded = methods.every(spec => bases.every(tester => harmony.folds.every(f => harmony.choice(spec, tester, f).seeds)))
  const rivals: Record<string, { readonly request: Rival; readonly pictures: readonly Scored[] }> = {
    [singleRival]: {
      request: (picture, { spec, best, tester }) => harmony.single(picture, best, spec, tester),
      pictures,
    },
    'best single map, blurred': {
      request: (picture, choice) => harmony.blurred(picture, choice, harmony.sigmas.get(choice)!),
      pictures,
    },
    'same scheme, noise draws of the best single model': {
      request: (picture, choice, by) => harmony.draws(picture, choice, by),
      pictures: drawn,
    },
    ...(seeded && {
      'same scheme, seeds of one architecture': {
        request: (picture: Scored, choice: Choice, by: Harmoniser) => harmony.over(picture, choice, choice.seeds!, by),
        pictures,
      },
    }),
  }
  await session.run(
    'draws',
    drawn.flatMap(picture =>
      methods.flatMap(spec => bases.flatMap(tester => harmony.drawCells(picture, own(picture, spec, tester)))),
    ),
  )
  await session.runScores(
    'rivals',
    methods.flatMap(spec =>
      Object.values(schemes).flatMap(scheme =>
        bases.flatMap(tester => [
          ...pictures.map(picture => harmony.harmonised(picture, own(picture, spec, tester), scheme(spec, picture.fold))),
          ...Object.values(rivals).flatMap(({ request, pictures: some }) =>
            some.map(picture => request(picture, own(picture, spec, tester), scheme(spec, picture.fold))),
          ),
        ]),
      ),
    ),
  )
  const gainOf = (
    spec: Spec,
    chosen: Gain['chosen'],
    scheme: (spec: Spec, fold: number) => Harmoniser,
    rival: string,
    fills: readonly string[],
  ): Gain => {
    const { request, pictures: some } = rivals[rival]!
    const rows = some.map(picture => {
      const by = scheme(spec, picture.fold)
      const score = (make: (choice: Choice) => ScoreRequest): number =>
        mean(bases.flatMap(tester => fills.map(fill => harmony.area(make(own(picture, spec, tester)), fill))))
      return {
        source: picture.item.source,
        ours: score(choice => harmony.harmonised(picture, choice, by)),
        theirs: score(choice => request(picture, choice, by)),
      }
    })
    const whole = rows.filter(({ ours, theirs }) => Number.isFinite(ours - theirs))
    const differences = whole.map(({ ours, theirs }) => ours - theirs)
    return {
      method: spec.label,
      harmoniser: [...new Set(harmony.folds.map(fold => harmoniserLabel(scheme(spec, fold))))].join(' / '),
      chosen,
      rival,
      fill: fills.length > 1 || preset.fills.length === 1 ? allFills : fills[0]!,
      harmonised: mean(whole.map(({ ours }) => ours)),
      score: mean(whole.map(({ theirs }) => theirs)),
      difference: meanInterval(
        differences,
        whole.map(({ source }) => source),
        session.options.seed,
      ),
      detectable: detectableDifference(standardDeviation(differences), differences.length),
      n: whole.length,
    }
  }
  const sets = [preset.fills, ...(preset.fills.length > 1 ? preset.fills.map(fill => [fill]) : [])]
  const gains: Gain[] = [
    ...Object.entries(schemes).flatMap(([chosen, scheme]) =>
      methods.flatMap(spec =>
        Object.keys(rivals).flatMap(rival => sets.map(fills => gainOf(spec, chosen as Gain['chosen'], scheme, rival, fills))),
      ),
    ),
    ...(preset.fills.length > 1
      ? methods.flatMap(spec => list.map(by => gainOf(spec, 'listed', () => by, singleRival, [harmony.fill])))
      : []),
  ]
  return { gains, verdicts: verdictsOf(gains, methods, Object.keys(schemes) as Gain['chosen'][]) }
}

/** A method's gain counts where every rival is beaten: the largest of their p-values, after Holm over the methods. */
function verdictsOf(gains: readonly Gain[], methods: readonly Spec[], chosens: readonly Gain['chosen'][]): GainVerdict[] {
  return chosens.flatMap(chosen => {
    const own = methods.map(({ label }) => gains.filter(gain => gain.method === label && gain.chosen === chosen))
    const whole = own.map(some => some.filter(({ fill }) => fill === allFills))
    const single = whole.map(some => some.find(({ rival }) => rival === singleRival)!)
    const adjusted = holm(whole.map(some => Math.max(...some.map(({ difference }) => difference.p))))
    const singleAdjusted = holm(single.map(({ difference }) => difference.p))
    return methods.map(({ label }, i): GainVerdict => {
      const fills = [...new Set(own[i]!.map(({ fill }) => fill))].filter(fill => fill !== allFills)
      return {
        method: label,
        chosen,
        least: whole[i]!.reduce((least, gain) => (gain.difference.value < least.difference.value ? gain : least)),
        adjusted: adjusted[i]!,
        single: single[i]!,
        singleAdjusted: singleAdjusted[i]!,
        fills: fills.filter(fill => own[i]!.every(gain => gain.fill !== fill || gain.difference.low > 0)),
        beatsSingle: single[i]!.difference.low > 0 && singleAdjusted[i]! <= 0.05,
        beatsAll: whole[i]!.every(({ difference }) => difference.low > 0) && adjusted[i]! <= 0.05,
      }
    })
  })
}

function weightsOf(harmony: Harmony): HarmonisedResult['weights'] {
  const { session, methods, folds } = harmony
  const { models, bases } = session
  return methods.flatMap(spec =>
    bases.map(tester => ({
      method: spec.label,
      tester: models[tester]!.name,
      weights: bases.map(g =>
        mean(
          folds.map(fold => {
            const { others, weights } = harmony.choice(spec, tester, fold)
            return others.includes(g) ? weights[others.indexOf(g)]! : 0
          }),
        ),
      ),
    })),
  )
}
