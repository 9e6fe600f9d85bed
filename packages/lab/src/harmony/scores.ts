/** @file One number per picture from what was scored. */
import type { Mapped, Reading } from './result.js'
import type { MapAsked, Scored, ScoreRequest, Session } from './session.js'
import { type ControlName, controlNames, type Subject } from './subject.js'
import { areaUnder } from './transfer.js'

/** Scores along the shares, of one fill; undefined where it was not scored. */
export function curveOf(session: Session, request: ScoreRequest, fill: string, reading: Reading): readonly number[] | undefined {
  const found = session.score(request, fill)
  return found && (reading === 'top-1' ? found.top : found.probability)
}

/** Area under the curve; NaN where it was not scored. */
export function areaOf(session: Session, request: ScoreRequest, fill: string, reading: Reading): number {
  const curve = curveOf(session, request, fill, reading)
  return curve ? areaUnder(request.fractions ?? session.preset.fractions, curve) : Number.NaN
}

/** Of the whole picture: those scored are answered correctly by models and twins. */
export const fullOf = ({ full, plain }: Scored, tester: number, reading: Reading, itself = false): number =>
  reading === 'top-1' ? 1 : (itself ? plain : full)[tester]!

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
  asked: Pick<MapAsked, 'of' | 'shuffled'> = {},
): Subject => ({
  kind: 'map',
  map: session.mapCell(picture, model, spec, asked).key,
})

export const shiftedSubject = (session: Session, other: Scored, model: number, spec: Spec): Subject => ({
  kind: 'shifted',
  map: session.mapCell(other, model, spec).key,
})

export const controlsOf = (session: Session): readonly ControlName[] =>
  controlNames.filter(name => name !== 'truth' || session.pictures.masks)
