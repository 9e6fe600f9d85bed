/** @file Maps harmonised over all models but the tester, against the best that fewer models can do. */

import { detectableDifference, standardDeviation } from '../../statistics/describe.js'
import { meanInterval } from '../intervals.js'
import type { Gain, HarmonisedResult, Mapped, TransferResult } from '../result.js'
import { areaOf, mapSubject } from '../scores.js'
import type { Scored, ScoreRequest, Session } from '../session.js'
import { type Harmoniser, harmoniserLabel, harmonisers, type Subject } from '../subject.js'
import { weightsWithout } from '../transfer.js'

type Spec = Mapped['methods'][number]

/** The fill and the reading that gains are measured with: named in advance. */
const fill = 0
const reading = 'probability'

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

/** What one method's maps are combined to and compared with, for one tester. */
interface Case {
  readonly spec: Spec
  readonly tester: number
  readonly others: readonly number[]
  /** Of the others, in order. */
  readonly weights: readonly number[]
  /** The model whose own maps serve this tester best on the selection half. */
  readonly best: number
  /** Most models of one architecture among the others; undefined where there are no two. */
  readonly seeds: readonly number[] | undefined
}

export async function harmonisedStage(session: Session, mapped: Mapped, transfer: TransferResult): Promise<HarmonisedResult> {
  const { models, preset } = session
  if (models.length < 3)
    return {
      refused: 'Nothing was harmonised: that takes three models or more, one as the tester and two that are combined.',
      gains: [],
      weights: [],
      holds: [],
    }
  const { pictures, methods } = mapped
  const chosen = pictures.filter(({ selection }) => selection)
  const scored = pictures.filter(({ selection }) => !selection)
  const list = harmonisers.slice(0, preset.harmonisers)
  const cases = methods.flatMap(spec => models.map((_, tester) => caseOf(session, chosen, transfer, spec, tester)))
  const request = (picture: Scored, subject: Subject, tester: number): ScoreRequest => ({ picture, subject, tester })
  const harmonised = (picture: Scored, { spec, tester, others, weights }: Case, by: Harmoniser): ScoreRequest =>
    request(
      picture,
      combined(
        by,
        others.map(g => session.mapCell(picture, g, spec).key),
        weights,
      ),
      tester,
    )
  const blurred = (picture: Scored, { spec, tester, best }: Case, sigma: number): ScoreRequest =>
    request(
      picture,
      { kind: 'blurred', map: session.mapCell(picture, best, spec).key, sigma: (sigma * session.pictures.size) / 64 },
      tester,
    )
  const run = (stage: string, requests: readonly ScoreRequest[]): Promise<void> =>
    session.run(
      stage,
      requests.map(one => session.scoreCell(one)),
    )
  await run(
    'harmonised',
    pictures.flatMap(picture => cases.flatMap(one => list.map(by => harmonised(picture, one, by)))),
  )
  await run(
    'blur-selection',
    chosen.flatMap(picture => cases.flatMap(one => preset.sigmas.map(sigma => blurred(picture, one, sigma)))),
  )
  const area = (one: ScoreRequest): number => areaOf(session, one, fill, reading)
  const sigmas = cases.map(
    one =>
      preset.sigmas[indexOfLargest(preset.sigmas.map(sigma => mean(chosen.map(picture => area(blurred(picture, one, sigma))))))]!,
  )
  const drawCells = (picture: Scored, { spec, best, others }: Case) =>
    others.map((_, d) => session.mapCell(picture, best, spec, 'right', d + 1))
  await session.run(
    'maps',
    scored.flatMap(picture => cases.flatMap(one => drawCells(picture, one))),
  )
  const casesOf = new Map(methods.map(spec => [spec, cases.filter(one => one.spec === spec)] as const))
  const selectedOf = (spec: Spec): Harmoniser => {
    const own = casesOf.get(spec)!
    return list[
      indexOfLargest(list.map(by => mean(own.flatMap(one => chosen.map(picture => area(harmonised(picture, one, by)))))))
    ]!
  }
  type Rival = (picture: Scored, one: Case, by: Harmoniser) => ScoreRequest
  const rivals: Record<string, Rival> = {
    // As the transfer stage scored it.
    'best single map': (picture, { spec, best, tester }) => ({
      ...request(picture, mapSubject(session, picture, best, spec), tester),
      inverse: true,
    }),
    'best single map, blurred': (picture, one) => blurred(picture, one, sigmas[cases.indexOf(one)]!),
    'same scheme, noise draws of the best single model': (picture, one, by) =>
      request(
        picture,
        combined(
          by,
          drawCells(picture, one).map(({ key }) => key),
        ),
        one.tester,
      ),
    ...(cases.every(({ seeds }) => seeds)
      ? {
          'same scheme, seeds of one architecture': (picture: Scored, { spec, seeds, tester }: Case, by: Harmoniser) =>
            request(
              picture,
              combined(
                by,
                seeds!.map(g => session.mapCell(picture, g, spec).key),
              ),
              tester,
            ),
        }
      : {}),
  }
  const named = methods.map(spec => ({
    spec,
    entries: [['in advance', list[0]!] as const, ['on the selection half', selectedOf(spec)] as const],
  }))
  await run(
    'rivals',
    scored.flatMap(picture =>
      named.flatMap(({ spec, entries }) =>
        casesOf
          .get(spec)!
          .flatMap(one => entries.flatMap(([, by]) => Object.values(rivals).map(rival => rival(picture, one, by)))),
      ),
    ),
  )
  const gainOf = (spec: Spec, by: Harmoniser, how: Gain['chosen'], rival: string): Gain => {
    const own = casesOf.get(spec)!
    const rows = scored.map(picture => ({
      source: picture.item.source,
      ours: mean(own.map(one => area(harmonised(picture, one, by)))),
      theirs: mean(own.map(one => area(rivals[rival]!(picture, one, by)))),
    }))
    const whole = rows.filter(({ ours, theirs }) => Number.isFinite(ours - theirs))
    const differences = whole.map(({ ours, theirs }) => ours - theirs)
    return {
      method: spec.label,
      harmoniser: harmoniserLabel(by),
      chosen: how,
      rival,
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
  const gains = [
    ...named.flatMap(({ spec, entries }) =>
      entries.flatMap(([how, by]) => Object.keys(rivals).map(rival => gainOf(spec, by, how, rival))),
    ),
    ...methods.flatMap(spec => list.map(by => gainOf(spec, by, 'listed', 'best single map'))),
  ]
  return {
    gains,
    weights: cases.map(({ spec, tester, others, weights }) => ({
      method: spec.label,
      tester: models[tester]!.name,
      weights: models.map((_, g) => (others.includes(g) ? weights[others.indexOf(g)]! : 0)),
    })),
    holds: methods
      .map(({ label }) => label)
      .filter(label => gains.every(gain => gain.method !== label || gain.chosen !== 'in advance' || gain.difference.low > 0)),
  }
}

function caseOf(session: Session, chosen: readonly Scored[], transfer: TransferResult, spec: Spec, tester: number): Case {
  const { models } = session
  const others = models.flatMap((_, g) => (g === tester ? [] : [g]))
  const all = weightsWithout(transfer.selection.get(spec.label)!, tester)
  const serves = others.map(g =>
    mean(
      chosen.map(picture =>
        areaOf(session, { picture, subject: mapSubject(session, picture, g, spec), tester, inverse: true }, fill, reading),
      ),
    ),
  )
  const groups = [...new Set(others.map(g => models[g]!.architecture))]
    .map(architecture => others.filter(g => models[g]!.architecture === architecture))
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.length - a.length)
  return { spec, tester, others, weights: others.map(g => all[g]!), best: others[indexOfLargest(serves)]!, seeds: groups[0] }
}
