/** @file One number per picture from what was scored. */
import type { ScoreValue } from './identity.js'
import type { Mapped, Reading } from './result.js'
import type { Scored, ScoreRequest, Session } from './session.js'
import { type ControlName, controlNames, type Subject } from './subject.js'
import { areaUnder } from './transfer.js'

export type Part = 'kept' | 'removed'

/** The scores along the shares, of one fill. */
export function curveOf(
  session: Session,
  value: ScoreValue,
  fill: number,
  reading: Reading,
  part: Part = 'kept',
): readonly number[] {
  const all = reading === 'top-1' ? value[`${part}Top`] : value[`${part}Probability`]
  const { length } = session.preset.fractions
  return all ? all.slice(fill * length, (fill + 1) * length) : []
}

/** Area under the curve; NaN where it was not scored. */
export function areaOf(session: Session, request: ScoreRequest, fill: number, reading: Reading, part: Part = 'kept'): number {
  const value = session.score(request)
  return value ? areaUnder(session.preset.fractions, curveOf(session, value, fill, reading, part)) : Number.NaN
}

export const fullOf = ({ full }: Scored, tester: number, reading: Reading): number => (reading === 'top-1' ? 1 : full[tester]!)

/** The next picture in a circle that is of another class, or just the next. */
export function partnerOf(pictures: readonly Scored[], i: number): Scored {
  const circle = pictures.map((_, k) => pictures[(i + 1 + k) % pictures.length]!)
  return circle.find(other => other.class !== pictures[i]!.class) ?? circle[0]!
}

type Spec = Mapped['methods'][number]

export const mapSubject = (
  session: Session,
  picture: Scored,
  model: number,
  spec: Spec,
  of: 'right' | 'wrong' = 'right',
): Subject => ({
  kind: 'map',
  map: session.mapCell(picture, model, spec, of).key,
})

export const shiftedSubject = (session: Session, other: Scored, model: number, spec: Spec): Subject => ({
  kind: 'shifted',
  map: session.mapCell(other, model, spec).key,
})

export const controlsOf = (session: Session): readonly ControlName[] =>
  controlNames.filter(name => name !== 'truth' || session.pictures.masks)
