/** @file Gains of harmonised maps over every rival. */
import { detectableDifference, standardDeviation } from '../../../statistics/describe.js'
import { meanInterval } from '../../intervals.js'
import type { Gain, HarmonisedResult } from '../../result.js'
import type { Scored, ScoreRequest } from '../../session.js'
import { type Harmoniser, harmoniserLabel } from '../../subject.js'
import { type Choice, type Harmony, mean, type Spec } from './choices.js'
import { allFills, singleRival, verdictsOf } from './verdicts.js'

type Rival = (picture: Scored, choice: Choice, by: Harmoniser) => ScoreRequest

/** Scores every fill of what was chosen, and of the rivals; the rest is arithmetic. */
export async function against(harmony: Harmony): Promise<Pick<HarmonisedResult, 'gains' | 'verdicts'>> {
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
