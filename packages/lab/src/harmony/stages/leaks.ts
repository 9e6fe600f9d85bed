/** @file Masks leak: a picture's mask on noise and on a picture of another class, and what testers then see. */
import { spread } from '../../order.js'
import { meanInterval } from '../intervals.js'
import type { LeakRow, Mapped } from '../result.js'
import { mapSubject, partnerOf } from '../scores.js'
import type { ScoreRequest, Session } from '../session.js'

/** The share of the picture that the mask keeps. */
const share = 0.2

export async function leakStage(session: Session, { pictures, methods }: Mapped): Promise<LeakRow[]> {
  const { bases, preset, options } = session
  const some = spread(pictures).slice(0, preset.leaks)
  const requests = (i: number, spec: Mapped['methods'][number], onto: string): ScoreRequest[] => {
    const picture = some[i]!
    const other = partnerOf(pictures, pictures.indexOf(picture))
    return bases.flatMap(g =>
      bases.map(
        (tester): ScoreRequest => ({
          picture,
          subject: mapSubject(session, picture, g, spec),
          tester,
          onto: onto === 'noise' ? 'noise' : other.item.key,
          fractions: [share],
        }),
      ),
    )
  }
  const kinds = ['noise', 'another class'] as const
  await session.runScores(
    'leaks',
    some.flatMap((_, i) => methods.flatMap(spec => kinds.flatMap(onto => requests(i, spec, onto)))),
  )
  return methods.flatMap(spec =>
    kinds.flatMap(onto =>
      preset.fills.map((fill): LeakRow => {
        const values = some.map((_, i) => {
          const found = requests(i, spec, onto).flatMap(one => session.score(one, fill)?.top ?? [])
          return found.reduce((sum, value) => sum + value, 0) / found.length
        })
        const sources = some.map(({ item }) => item.source)
        return { method: spec.label, onto, fill, share: meanInterval(values, sources, options.seed) }
      }),
    ),
  )
}
