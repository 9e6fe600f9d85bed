/** @file Transfer of every model's maps to every tester, with controls. */
import { intervalsOf, meanInterval } from '../intervals.js'
import { type Curve, type Mapped, type Reading, type Row, readings, type TransferResult, type TransferTable } from '../result.js'
import { areaOf, controlsOf, curveOf, fullOf, mapSubject, partnerOf, shiftedSubject } from '../scores.js'
import type { Scored, ScoreRequest, Session } from '../session.js'
import { familyContrast, meanOfPairs, type PairScores, transferScore } from '../transfer.js'

type Spec = Mapped['methods'][number]

export async function transferStage(session: Session, { pictures, methods }: Mapped): Promise<TransferResult> {
  const { models, preset } = session
  const each = models.map((_, m) => m)
  const requests = pictures.flatMap((picture, i) => {
    const partner = partnerOf(pictures, i)
    const maps = methods.flatMap(spec =>
      each.flatMap(g => each.flatMap(tester => requestsOf(session, picture, partner, g, tester, spec))),
    )
    const controls = controlsOf(session).flatMap(control =>
      each.map((tester): ScoreRequest => ({ picture, subject: { kind: 'control', control }, tester, inverse: true })),
    )
    return [...maps, ...controls]
  })
  await session.run(
    'transfer',
    requests.map(request => session.scoreCell(request)),
  )
  const tables = methods.flatMap(spec =>
    readings.flatMap(reading => preset.fills.map((_, fill) => tableOf(session, pictures, spec, fill, reading))),
  )
  const selection = new Map(
    methods.map(spec => {
      const pairs = pairsOf(session, pictures, spec, 0, 'probability')
      const rows = pictures.flatMap(({ selection: own }, i) => (own ? [i] : []))
      return [spec.label, matrixOf(pairs, rows)] as const
    }),
  )
  return {
    tables,
    selection,
    rows: rowsOf(session, pictures, methods),
    wrong: wrongRows(session, pictures, methods),
    curves: curvesOf(session, pictures, methods),
  }
}

function requestsOf(session: Session, picture: Scored, partner: Scored, g: number, tester: number, spec: Spec): ScoreRequest[] {
  return [
    { picture, subject: mapSubject(session, picture, g, spec), tester, inverse: true },
    { picture, subject: shiftedSubject(session, partner, g, spec), tester },
    { picture, subject: mapSubject(session, picture, g, spec, 'wrong'), tester },
  ]
}

/** [generator][tester], a value per picture; pictures that lack one are NaN. */
function pairsOf(session: Session, pictures: readonly Scored[], spec: Spec, fill: number, reading: Reading): PairScores[][] {
  const each = session.models.map((_, m) => m)
  const partners = pictures.map((_, i) => partnerOf(pictures, i))
  return each.map(g =>
    each.map(tester => ({
      kept: pictures.map(picture => areaOf(session, requestsOf(session, picture, picture, g, tester, spec)[0]!, fill, reading)),
      random: pictures.map((picture, i) =>
        areaOf(session, { picture, subject: shiftedSubject(session, partners[i]!, g, spec), tester }, fill, reading),
      ),
      full: pictures.map(picture => fullOf(picture, tester, reading)),
    })),
  )
}

const matrixOf = (pairs: readonly (readonly PairScores[])[], rows: ArrayLike<number>): number[][] =>
  pairs.map(row => row.map(pair => transferScore(pair, rows)))

function tableOf(session: Session, pictures: readonly Scored[], spec: Spec, fill: number, reading: Reading): TransferTable {
  const { models, preset, options } = session
  const all = pairsOf(session, pictures, spec, fill, reading)
  const whole = pictures.flatMap((_, i) =>
    all.every(row => row.every(({ kept, random }) => Number.isFinite(kept[i]!) && Number.isFinite(random[i]!))) ? [i] : [],
  )
  const families = models.map(({ family }) => family)
  const twins = (g: number, t: number): boolean => models[g]!.architecture === models[t]!.architecture
  const groups: { label: string; which: (g: number, t: number) => boolean }[] = [
    ...[...new Set(families)].map(family => ({
      label: `within ${family}`,
      which: (g: number, t: number) => families[g] === family && families[t] === family && !twins(g, t),
    })),
    { label: 'across families', which: (g, t) => families[g] !== families[t] },
    { label: 'same architecture, other seed', which: (g, t) => twins(g, t) },
  ]
  const statistics = (rows: ArrayLike<number>): number[] => {
    const matrix = matrixOf(
      all,
      Array.from(rows, row => whole[row]!),
    )
    return [...matrix.flat(), ...groups.map(({ which }) => meanOfPairs(matrix, which)), familyContrast(matrix, families, twins)]
  }
  const found = intervalsOf(
    whole.map(i => pictures[i]!.item.source),
    statistics,
    options.seed,
  )
  const k = models.length
  const contrast = found.at(-1)!
  return {
    method: spec.label,
    fill: preset.fills[fill]!,
    reading,
    n: whole.length,
    matrix: models.map((_, g) => found.slice(g * k, (g + 1) * k)),
    groups: groups.map(({ label }, i) => ({ label, mean: found[k * k + i]! })).filter(({ mean }) => Number.isFinite(mean.value)),
    contrast,
    detectable: 2.8 * contrast.deviation,
  }
}

/** Mean over pairs of different models of each picture's area, and over testers for controls. */
function rowsOf(session: Session, pictures: readonly Scored[], methods: readonly Spec[]): Row[] {
  const { models, preset, options } = session
  const sources = pictures.map(({ item }) => item.source)
  const each = models.map((_, m) => m)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const row = (label: string, requests: (picture: Scored) => readonly ScoreRequest[], fill: number, reading: Reading): Row => {
    const part = (which: 'kept' | 'removed') =>
      meanInterval(
        pictures.map(picture => mean(requests(picture).map(request => areaOf(session, request, fill, reading, which)))),
        sources,
        options.seed,
      )
    return { label, fill: preset.fills[fill]!, reading, kept: part('kept'), removed: part('removed') }
  }
  return readings.flatMap(reading =>
    preset.fills.flatMap((_, fill) => [
      ...methods.map(spec =>
        row(
          spec.label,
          picture =>
            each.flatMap(g =>
              each
                .filter(t => t !== g)
                .map(
                  (tester): ScoreRequest => ({ picture, subject: mapSubject(session, picture, g, spec), tester, inverse: true }),
                ),
            ),
          fill,
          reading,
        ),
      ),
      ...controlsOf(session).map(control =>
        row(
          control,
          picture =>
            each.map((tester): ScoreRequest => ({ picture, subject: { kind: 'control', control }, tester, inverse: true })),
          fill,
          reading,
        ),
      ),
    ]),
  )
}

/** A map of the right class minus one of a wrong class, both scored by the right class: what is left is about the class. */
function wrongRows(session: Session, pictures: readonly Scored[], methods: readonly Spec[]): Row[] {
  const { models, preset, options } = session
  const each = models.map((_, m) => m)
  const sources = pictures.map(({ item }) => item.source)
  return methods.flatMap(spec =>
    preset.fills.map((name, fill): Row => {
      const values = pictures.map(picture => {
        let [sum, count] = [0, 0]
        for (const g of each)
          for (const tester of each) {
            if (g === tester) continue
            const [right, , wrong] = requestsOf(session, picture, picture, g, tester, spec)
            sum += areaOf(session, right!, fill, 'probability') - areaOf(session, wrong!, fill, 'probability')
            count += 1
          }
        return sum / count
      })
      return { label: spec.label, fill: name, reading: 'probability', kept: meanInterval(values, sources, options.seed) }
    }),
  )
}

/** Probability kept along the shares, mean over pictures and pairs of different models. */
function curvesOf(session: Session, pictures: readonly Scored[], methods: readonly Spec[]): Curve[] {
  const { models, preset } = session
  const each = models.map((_, m) => m)
  const mean = (requests: readonly ScoreRequest[], fill: number): number[] => {
    const found = requests
      .flatMap(request => session.score(request) ?? [])
      .map(value => curveOf(session, value, fill, 'probability'))
    return preset.fractions.map((_, k) => found.reduce((sum, curve) => sum + curve[k]!, 0) / found.length)
  }
  return preset.fills.flatMap((name, fill) => [
    ...methods.map((spec): Curve => {
      const requests = pictures.flatMap(picture =>
        each.flatMap(g => each.filter(t => t !== g).map(tester => requestsOf(session, picture, picture, g, tester, spec)[0]!)),
      )
      return { label: spec.label, method: spec.label, fill: name, values: mean(requests, fill) }
    }),
    ...controlsOf(session).map((control): Curve => {
      const requests = pictures.flatMap(picture =>
        each.map((tester): ScoreRequest => ({ picture, subject: { kind: 'control', control }, tester, inverse: true })),
      )
      return { label: control, method: control, fill: name, values: mean(requests, fill) }
    }),
  ])
}
