/** @file Maps harmonised over all models but the tester, against the best that fewer models can do. */
import { mean } from '../../../statistics/index.js'
import type { HarmonisedResult, Mapped, TransferResult } from '../../result.js'
import type { Session } from '../../session.js'
import { Harmony, indexOfLargest } from './choices.js'
import { against } from './gains.js'

export async function harmonisedStage(session: Session, mapped: Mapped, transfer: TransferResult): Promise<HarmonisedResult> {
  const { bases } = session
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
    harmony.each(choice =>
      pictures.flatMap(picture => [
        // Schemes without weights are the same whatever the fold.
        ...(choice.fold === 0 ? list.filter(({ weighted }) => !weighted) : []).map(by => ({
          ...harmony.harmonised(picture, choice, by),
          ...first,
        })),
        ...list.filter(({ weighted }) => weighted).map(by => ({ ...harmony.harmonised(picture, choice, by), ...first })),
      ]),
    ),
  )
  await session.run(
    'draws',
    harmony.each(choice => harmony.drawn.flatMap(picture => harmony.drawCells(picture, choice))),
  )
  await harmony.chooseSigmas()
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
