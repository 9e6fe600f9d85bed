/** @file Transfer of every model's maps to every tester, with controls. */
import { holm } from '../../../statistics/index.js'
import { type Mapped, readings, type Testers, type TransferResult } from '../../result.js'
import { controlsOf } from '../../scores.js'
import type { Session } from '../../session.js'
import { Requests, spoils } from './requests.js'
import { curvesOf, rowsOf, spoiledRows } from './rows.js'
import { matrixOf, scoresOf, tableOf } from './tables.js'

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
          ...spoils.map(kind => ({ ...all.spoiled(picture, g, t, spec, kind), fills: all.spoiledFills })),
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
