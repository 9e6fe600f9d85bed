/** @file Gains of harmonised maps over every rival. */
import { detectableDifference, mean, standardDeviation } from '../../../statistics/index.js'
import { meanInterval } from '../../intervals.js'
import type { Gain, HarmonisedResult } from '../../result.js'
import type { Scored, ScoreRequest } from '../../session.js'
import { type Harmoniser, harmoniserLabel } from '../../subject.js'
import type { Blurred, Choice, Harmony, Spec } from './choices.js'
import { allFills, singleRival, verdictsOf } from './verdicts.js'

type Asking = (picture: Scored, choice: Choice, by: Harmoniser) => ScoreRequest

/** One way to harmonise, and what it is held against. */
interface Way {
  readonly chosen: Gain['chosen']
  readonly scheme: (spec: Spec, fold: number) => Harmoniser
  readonly ours: Asking
  /** The first is the single map. */
  readonly rivals: Readonly<Record<string, Asking>>
}

const draws = 'same scheme, noise draws of the best single model'
const seeds = 'same scheme, seeds of one architecture'

function waysOf(harmony: Harmony): Way[] {
  const { list, seeded, weighted } = harmony
  const blurred =
    (kind: Blurred): Asking =>
    (picture, choice) =>
      harmony.blurred(kind, picture, choice)
  const plain = {
    ours: (picture, choice, by) => harmony.harmonised(picture, choice, by),
    rivals: {
      [singleRival]: (picture, { best, spec, tester }) => harmony.single(picture, best, spec, tester),
      [`${singleRival}, blurred`]: blurred('single'),
      [draws]: (picture, choice, by) => harmony.draws(picture, choice, by),
      ...(seeded && { [seeds]: (picture: Scored, choice: Choice, by: Harmoniser) => harmony.seeds(picture, choice, by) }),
    },
  } satisfies Pick<Way, 'ours' | 'rivals'>
  const blurredRivals = {
    [`${singleRival}, blurred`]: blurred('single'),
    [`${draws}, blurred`]: blurred('draws'),
    ...(seeded && { [`${seeds}, blurred`]: blurred('seeds') }),
  }
  return [
    { ...plain, chosen: 'in advance', scheme: () => list[0]! },
    { ...plain, chosen: 'by cross-fitting', scheme: (spec, fold) => harmony.chosenSchemes.get(`${spec.label} ${fold}`)! },
    { chosen: 'in advance, blurred', scheme: () => list[0]!, ours: blurred('harmonised'), rivals: blurredRivals },
    ...(weighted
      ? [{ chosen: 'weights, blurred', scheme: () => weighted, ours: blurred('weighted'), rivals: blurredRivals } as const]
      : []),
  ]
}

/** Scores every fill of what was chosen, and of the rivals; the rest is arithmetic. */
export async function against(harmony: Harmony): Promise<Pick<HarmonisedResult, 'gains' | 'verdicts'>> {
  const { session, pictures, methods, list, drawn } = harmony
  const { preset, bases } = session
  const own = (picture: Scored, spec: Spec, tester: number): Choice => harmony.choice(spec, tester, picture.fold)
  const ways = waysOf(harmony)
  const picturesOf = (rival: string): readonly Scored[] => (rival.startsWith(draws) ? drawn : pictures)
  await session.runScores(
    'rivals',
    methods.flatMap(spec =>
      ways.flatMap(({ scheme, ours, rivals }) =>
        bases.flatMap(tester => {
          const ask = (picture: Scored, asking: Asking): ScoreRequest =>
            asking(picture, own(picture, spec, tester), scheme(spec, picture.fold))
          return [
            ...pictures.map(picture => ask(picture, ours)),
            ...Object.entries(rivals).flatMap(([rival, asking]) => picturesOf(rival).map(picture => ask(picture, asking))),
          ]
        }),
      ),
    ),
  )
  const gainOf = (spec: Spec, way: Omit<Way, 'rivals'>, rival: string, asking: Asking, fills: readonly string[]): Gain => {
    const { chosen, scheme, ours } = way
    const rows = picturesOf(rival).map(picture => {
      const by = scheme(spec, picture.fold)
      const score = (make: Asking): number =>
        mean(bases.flatMap(tester => fills.map(fill => harmony.area(make(picture, own(picture, spec, tester), by), fill))))
      return { source: picture.item.source, ours: score(ours), theirs: score(asking) }
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
  const [plain] = ways as [Way]
  const gains: Gain[] = [
    ...ways.flatMap(way =>
      methods.flatMap(spec =>
        Object.entries(way.rivals).flatMap(([rival, asking]) => sets.map(fills => gainOf(spec, way, rival, asking, fills))),
      ),
    ),
    ...(preset.fills.length > 1
      ? methods.flatMap(spec =>
          list.map(by =>
            gainOf(spec, { ...plain, chosen: 'listed', scheme: () => by }, singleRival, plain.rivals[singleRival]!, [
              harmony.fill,
            ]),
          ),
        )
      : []),
  ]
  const verdicts = ways.flatMap(({ chosen, rivals }) =>
    verdictsOf(
      gains.filter(gain => gain.chosen === chosen),
      methods,
      Object.keys(rivals)[0]!,
    ),
  )
  return { gains, verdicts }
}
