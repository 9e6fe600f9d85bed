/** @file Maps of every model and method: of the right class; on some pictures also of a wrong one, and of shuffled weights. */
import { spread } from '../../order.js'
import type { Mapped } from '../result.js'
import type { Scored, Session } from '../session.js'

/** A method that some model cannot be explained by at all is left out, for all models, with the reason. */
export async function mapStage(session: Session, scored: readonly Scored[]): Promise<Mapped> {
  const { models, options, preset, bases } = session
  const controlled = new Set(spread(scored).slice(0, preset.controls))
  const cellsOf = (picture: Scored, spec: Mapped['methods'][number]) => [
    ...models.map((_, m) => session.mapCell(picture, m, spec)),
    ...(controlled.has(picture)
      ? bases.flatMap(m => [
          session.mapCell(picture, m, spec, { of: 'wrong' }),
          session.mapCell(picture, m, spec, { shuffled: true }),
        ])
      : []),
  ]
  await session.run(
    'maps',
    scored.flatMap(picture => options.methods.flatMap(spec => cellsOf(picture, spec))),
  )
  const left: string[] = []
  const methods = options.methods.filter(spec => {
    const silent = models.findIndex((_, m) => !scored.some(picture => session.has(session.mapCell(picture, m, spec))))
    if (silent < 0) return true
    const failure = session.failed.find(
      ({ cell: { identity } }) => identity.method === spec.label && identity.model === models[silent]!.model.digest,
    )
    left.push(
      `${spec.label} is left out: ${models[silent]!.name} cannot be explained by it${failure ? ` (${failure.error.message})` : ''}`,
    )
    return false
  })
  const pictures = scored.filter(picture => methods.every(spec => cellsOf(picture, spec).every(cell => session.has(cell))))
  return { pictures, methods, left }
}
