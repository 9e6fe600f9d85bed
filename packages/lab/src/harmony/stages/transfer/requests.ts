/** @file What is asked about transfer, as requests by name. */
import { spread } from '../../../order.js'
import type { Mapped, SpoiledRow } from '../../result.js'
import { mapSubject, partnerOf, shiftedSubject } from '../../scores.js'
import type { Scored, ScoreRequest, Session } from '../../session.js'
import type { ControlName } from '../../subject.js'

export type Spec = Mapped['methods'][number]

export class Requests {
  readonly pictures: readonly Scored[]
  /** Pictures that every control is run on. */
  readonly some: readonly Scored[]
  readonly methods: readonly Spec[]
  readonly #partners: ReadonlyMap<Scored, Scored>

  constructor(
    readonly session: Session,
    { pictures, methods }: Mapped,
  ) {
    this.pictures = pictures
    this.some = spread(pictures).slice(0, session.preset.controls)
    this.methods = methods
    this.#partners = new Map(pictures.map((picture, i) => [picture, partnerOf(pictures, i)]))
  }

  kept(picture: Scored, g: number, tester: number, spec: Spec, plain = false): ScoreRequest {
    return { picture, subject: mapSubject(this.session, picture, g, spec), tester, plain }
  }

  removed(picture: Scored, g: number, tester: number, spec: Spec): ScoreRequest {
    return { ...this.kept(picture, g, tester, spec), inverse: true }
  }

  /** Masks of the same shapes elsewhere: those of another picture, moved. */
  random(picture: Scored, g: number, tester: number, spec: Spec, plain = false): ScoreRequest {
    return { picture, subject: shiftedSubject(this.session, this.#partners.get(picture)!, g, spec), tester, plain }
  }

  spoiled(picture: Scored, g: number, tester: number, spec: Spec, spoiled: SpoiledRow['spoiled']): ScoreRequest {
    const asked = spoiled === 'wrong class' ? ({ of: 'wrong' } as const) : ({ shuffled: true } as const)
    return { picture, subject: mapSubject(this.session, picture, g, spec, asked), tester }
  }

  control(picture: Scored, control: ControlName, tester: number, inverse = false): ScoreRequest {
    return { picture, subject: { kind: 'control', control }, tester, inverse }
  }

  /** Fills of spoiled maps: the first, and the harshest. */
  get spoiledFills(): readonly string[] {
    const { fills } = this.session.preset
    return [...new Set([fills[0]!, fills.at(-1)!])]
  }

  /** Other seeds with the tester of their architecture. */
  get seeds(): readonly (readonly [number, number])[] {
    const { session } = this
    return session.extras.flatMap(g => session.bases.filter(t => session.alike(g, t)).map(t => [g, t] as const))
  }

  /** Ordered pairs of the models that test, with a model as its own tester. */
  get pairs(): readonly (readonly [number, number])[] {
    const { bases } = this.session
    return bases.flatMap(g => bases.map(t => [g, t] as const))
  }
}

/** Ordered pairs of different models. */
export const others = (all: Requests): readonly (readonly [number, number])[] => all.pairs.filter(([g, t]) => g !== t)

/** Maps that should do worse than the map proper. */
export const spoils = ['wrong class', 'shuffled weights'] as const
