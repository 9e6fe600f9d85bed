/** @file Transfer of every model's maps to every tester, with controls. */
import { holm } from '../../statistics/index.js'
import { intervalsOf, meanInterval } from '../intervals.js'
import {
  type Curve,
  type Mapped,
  type Reading,
  type Row,
  readings,
  type SpoiledRow,
  type Testers,
  type TransferResult,
  type TransferTable,
} from '../result.js'
import { areaOf, controlsOf, curveOf, fullOf, mapSubject, partnerOf, shiftedSubject } from '../scores.js'
import type { Scored, ScoreRequest, Session } from '../session.js'
import type { ControlName } from '../subject.js'
import { familyContrast, meanOfPairs, type PairScores, transferScore } from '../transfer.js'

type Spec = Mapped['methods'][number]

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** What is asked in this stage, as requests by name. */
class Requests {
  readonly pictures: readonly Scored[]
  readonly methods: readonly Spec[]
  readonly #partners: ReadonlyMap<Scored, Scored>

  constructor(
    readonly session: Session,
    { pictures, methods }: Mapped,
  ) {
    this.pictures = pictures
    this.methods = methods
    this.#partners = new Map(pictures.map((picture, i) => [picture, partnerOf(pictures, i)]))
  }

  /** Pictures that every control is run on. */
  get some(): readonly Scored[] {
    return this.pictures.slice(0, this.session.preset.controls)
  }

  kept(picture: Scored, g: number, tester: number, spec: Spec, plain = false): ScoreRequest {
    return { picture, subject: mapSubject(this.session, picture, g, spec), tester, plain }
  }

  removed(picture: Scored, g: number, tester: number, spec: Spec): ScoreRequest {
    return { ...this.kept(picture, g, tester, spec), inverse: true }
  }

  /** Masks of the same shapes elsewhere: those of another picture, moved. */
  random(picture: Scored, g: number, tester: number, spec: Spec, plain = false): ScoreRequest {
    return { picture, subject: shiftedSubject(this.session, this.#partners.get(picture)!, g, spec), tester, plain }
  }

  spoiled(picture: Scored, g: number, tester: number, spec: Spec, spoiled: SpoiledRow['spoiled']): ScoreRequest {
    const asked = spoiled === 'wrong class' ? ({ of: 'wrong' } as const) : ({ shuffled: true } as const)
    return { picture, subject: mapSubject(this.session, picture, g, spec, asked), tester }
  }

  control(picture: Scored, control: ControlName, tester: number, inverse = false): ScoreRequest {
    return { picture, subject: { kind: 'control', control }, tester, inverse }
  }

  /** Fills of spoiled maps: the first, and the harshest. */
  get spoiledFills(): readonly string[] {
    const { fills } = this.session.preset
    return [...new Set([fills[0]!, fills.at(-1)!])]
  }

  /** Other seeds with the tester of their architecture. */
  get seeds(): readonly (readonly [number, number])[] {
    const { session } = this
    return session.extras.flatMap(g => session.bases.filter(t => session.alike(g, t)).map(t => [g, t] as const))
  }

  /** Ordered pairs of the models that test, with a model as its own tester. */
  get pairs(): readonly (readonly [number, number])[] {
    const { bases } = this.session
    return bases.flatMap(g => bases.map(t => [g, t] as const))
  }
}

const kinds = ['wrong class', 'shuffled weights'] as const

export async function transferStage(session: Session, mapped: Mapped): Promise<TransferResult> {
  const all = new Requests(session, mapped)
  const { pictures, methods, pairs, seeds, some } = all
  const { preset, bases } = session
  const adapted = bases.some(m => session.models[m]!.twin)
  const first = preset.fills[0]!
  await session.runScores(
    'transfer',
    pictures.flatMap(picture => [
      ...methods.flatMap(spec => [
        ...pairs.flatMap(([g, t]) => [all.kept(picture, g, t, spec), all.random(picture, g, t, spec)]),
        ...seeds.map(([g, t]) => all.kept(picture, g, t, spec)),
      ]),
      ...controlsOf(session).flatMap(control => bases.map(t => all.control(picture, control, t))),
    ]),
  )
  await session.runScores(
    'controls',
    some.flatMap(picture => [
      ...methods.flatMap(spec =>
        pairs.flatMap(([g, t]) => [
          all.removed(picture, g, t, spec),
          ...kinds.map(kind => ({ ...all.spoiled(picture, g, t, spec, kind), fills: all.spoiledFills })),
          ...(adapted
            ? [all.kept(picture, g, t, spec, true), all.random(picture, g, t, spec, true)].map(one => ({
                ...one,
                fills: [first],
              }))
            : []),
        ]),
      ),
      ...controlsOf(session).flatMap(control => bases.map(t => all.control(picture, control, t, true))),
    ]),
  )
  const testers: readonly Testers[] = adapted ? ['twins', 'models'] : ['models']
  const tables = testers.flatMap(by =>
    readings.flatMap(reading =>
      (adapted && by === 'models' ? [first] : preset.fills).flatMap(fill => {
        const own = methods.map(spec => tableOf(all, spec, fill, reading, by, adapted && by === 'models'))
        const adjusted = holm(own.map(({ contrast }) => contrast.p))
        return own.map((table, i) => ({ ...table, adjusted: adjusted[i]! }))
      }),
    ),
  )
  const selection = new Map(
    methods.map(spec => {
      const scores = scoresOf(all, pictures, spec, first, 'probability', false)
      const folds = Array.from({ length: preset.folds }, (_, fold) =>
        matrixOf(
          session,
          scores,
          pictures.flatMap((picture, i) => (picture.fold === fold ? [] : [i])),
        ),
      )
      return [spec.label, folds] as const
    }),
  )
  return { tables, selection, rows: rowsOf(all), spoiled: spoiledRows(all), curves: curvesOf(all) }
}

/** By pair, a value per picture; pictures that lack one are NaN. */
function scoresOf(
  all: Requests,
  pictures: readonly Scored[],
  spec: Spec,
  fill: string,
  reading: Reading,
  plain: boolean,
): { pairs: PairScores[]; seeds: PairScores[] } {
  const { session } = all
  const scoresOfPair = ([g, t]: readonly [number, number], shapes: number): PairScores => ({
    kept: pictures.map(picture => areaOf(session, all.kept(picture, g, t, spec, plain), fill, reading)),
    random: pictures.map(picture => areaOf(session, all.random(picture, shapes, t, spec, plain), fill, reading)),
    full: pictures.map(picture => fullOf(picture, t, reading, plain)),
  })
  return {
    pairs: all.pairs.map(pair => scoresOfPair(pair, pair[0])),
    // Shapes of the seed that tests: masks of the same architecture.
    seeds: plain ? [] : all.seeds.map(pair => scoresOfPair(pair, pair[1])),
  }
}

/** [generator][tester] */
function matrixOf(session: Session, { pairs }: { pairs: readonly PairScores[] }, rows: ArrayLike<number>): number[][] {
  const k = session.bases.length
  const values = pairs.map(pair => transferScore(pair, rows))
  return session.bases.map((_, g) => values.slice(g * k, (g + 1) * k))
}

function tableOf(
  all: Requests,
  spec: Spec,
  fill: string,
  reading: Reading,
  testers: Testers,
  plain: boolean,
): Omit<TransferTable, 'adjusted'> {
  const { session } = all
  const { models, bases, options } = session
  const pictures = plain ? all.some : all.pictures
  const scores = scoresOf(all, pictures, spec, fill, reading, plain)
  const whole = pictures.flatMap((_, i) =>
    [...scores.pairs, ...scores.seeds].every(({ kept, random }) => Number.isFinite(kept[i]!) && Number.isFinite(random[i]!))
      ? [i]
      : [],
  )
  const families = bases.map(m => models[m]!.family)
  const alike = (g: number, t: number): boolean => session.alike(bases[g]!, bases[t]!)
  const groups: { label: string; which: (g: number, t: number) => boolean }[] = [
    ...[...new Set(families)].map(family => ({
      label: `within ${family}`,
      which: (g: number, t: number) => families[g] === family && families[t] === family && !alike(g, t),
    })),
    { label: 'within families', which: (g, t) => families[g] === families[t] && !alike(g, t) },
    { label: 'across families', which: (g, t) => families[g] !== families[t] },
  ]
  const tested = new Set(all.seeds.map(([, t]) => bases.indexOf(t)))
  const statistics = (rows: ArrayLike<number>): number[] => {
    const own = Int32Array.from(rows, row => whole[row]!)
    const matrix = matrixOf(session, scores, own)
    const seeds = [
      ...scores.seeds.map(pair => transferScore(pair, own)),
      ...matrix.flatMap((row, g) => row.filter((_, t) => alike(g, t))),
    ]
    const ceiling = seeds.length > 0 ? mean(seeds) : Number.NaN
    const others = meanOfPairs(matrix, (g, t) => (tested.size === 0 || tested.has(t)) && !alike(g, t))
    return [
      ...matrix.flat(),
      ...groups.map(({ which }) => meanOfPairs(matrix, which)),
      ceiling,
      ceiling - others,
      familyContrast(matrix, families, alike),
    ]
  }
  const found = intervalsOf(
    whole.map(i => pictures[i]!.item.source),
    statistics,
    options.seed,
  )
  const k = bases.length
  const [ceiling, aboveOthers, contrast] = found.slice(-3) as [(typeof found)[0], (typeof found)[0], (typeof found)[0]]
  return {
    method: spec.label,
    fill,
    reading,
    testers,
    n: whole.length,
    matrix: bases.map((_, g) => found.slice(g * k, (g + 1) * k)),
    groups: [
      ...groups.map(({ label }, i) => ({ label, mean: found[k * k + i]! })),
      { label: 'same architecture, other seed', mean: ceiling },
    ].filter(({ mean: { value } }) => Number.isFinite(value)),
    contrast,
    detectable: 2.8 * contrast.deviation,
    ceiling: aboveOthers,
  }
}

const others = (all: Requests): readonly (readonly [number, number])[] => all.pairs.filter(([g, t]) => g !== t)

/** Mean over pairs of different models of each picture's area, and over testers for controls. */
function rowsOf(all: Requests): Row[] {
  const { session, pictures, methods, some } = all
  const { preset, options, bases } = session
  const row = (
    label: string,
    requests: (picture: Scored, inverse: boolean) => readonly ScoreRequest[],
    fill: string,
    reading: Reading,
  ): Row => {
    const part = (own: readonly Scored[], inverse: boolean) =>
      meanInterval(
        own.map(picture => mean(requests(picture, inverse).map(request => areaOf(session, request, fill, reading)))),
        own.map(({ item }) => item.source),
        options.seed,
      )
    return { label, fill, reading, kept: part(pictures, false), removed: part(some, true) }
  }
  return readings.flatMap(reading =>
    preset.fills.flatMap(fill => [
      ...methods.map(spec =>
        row(
          spec.label,
          (picture, inverse) =>
            others(all).map(([g, t]) => (inverse ? all.removed(picture, g, t, spec) : all.kept(picture, g, t, spec))),
          fill,
          reading,
        ),
      ),
      ...controlsOf(session).map(control =>
        row(control, (picture, inverse) => bases.map(t => all.control(picture, control, t, inverse)), fill, reading),
      ),
    ]),
  )
}

/** What is left of a map's score when a map of a wrong class, or of shuffled weights, is taken from it. */
function spoiledRows(all: Requests): SpoiledRow[] {
  const { session, some, methods } = all
  return methods.flatMap(spec =>
    kinds.flatMap(spoiled =>
      all.spoiledFills.map((fill): SpoiledRow => {
        const values = some.map(picture =>
          mean(
            others(all).map(
              ([g, t]) =>
                areaOf(session, all.kept(picture, g, t, spec), fill, 'probability') -
                areaOf(session, all.spoiled(picture, g, t, spec, spoiled), fill, 'probability'),
            ),
          ),
        )
        return {
          method: spec.label,
          spoiled,
          fill,
          difference: meanInterval(
            values,
            some.map(({ item }) => item.source),
            session.options.seed,
          ),
          n: values.filter(Number.isFinite).length,
        }
      }),
    ),
  )
}

/** Probability kept along the shares, mean over pictures and pairs of different models. */
function curvesOf(all: Requests): Curve[] {
  const { session, pictures, methods, some } = all
  const { preset, bases } = session
  const curve = (label: string, fill: string, requests: readonly ScoreRequest[]): Curve => {
    const found = requests.flatMap(request => {
      const own = curveOf(session, request, fill, 'probability')
      return own ? [own] : []
    })
    return { label, method: label, fill, values: preset.fractions.map((_, k) => mean(found.map(own => own[k]!))) }
  }
  return preset.fills.flatMap(fill => [
    ...methods.map(spec =>
      curve(
        spec.label,
        fill,
        pictures.flatMap(picture => others(all).map(([g, t]) => all.kept(picture, g, t, spec))),
      ),
    ),
    ...controlsOf(session).map(control =>
      curve(
        control,
        fill,
        pictures.flatMap(picture => bases.map(t => all.control(picture, control, t))),
      ),
    ),
    ...(all.spoiledFills.includes(fill)
      ? [
          curve(
            'shuffled weights',
            fill,
            some.flatMap(picture =>
              methods.flatMap(spec => others(all).map(([g, t]) => all.spoiled(picture, g, t, spec, 'shuffled weights'))),
            ),
          ),
        ]
      : []),
  ])
}
