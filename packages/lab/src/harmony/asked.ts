/** @file Scores that were asked for: gathered into cells, found again by what they are of. */
import type { Cell } from '../runner/index.js'
import type { ScoreOptions, ScoreValue } from './identity.js'
import type { ScoreCurve, ScoreRequest, Session } from './session.js'
import type { Subject } from './subject.js'

/** Masked pictures in one cell at most, over testers: about a second's work. */
const largestCell = 800

export class Scores {
  readonly #scores = new Map<string, ScoreCurve>()
  /** Subjects by their number: a text of each is kept once. */
  readonly #subjects = new Map<string, number>()

  constructor(readonly session: Session) {}

  /** Scores that are not there yet, those of one picture and one set of testers in one cell. */
  async run(stage: string, requests: readonly ScoreRequest[]): Promise<void> {
    const { session } = this
    const { preset } = session
    const groups = new Map<string, Map<string, { subject: Subject; requests: ScoreRequest[] }>>()
    for (const request of requests) {
      const { fills = preset.fills } = request
      if (fills.every(fill => this.#scores.has(this.#keyOf(request, fill)))) continue
      const { picture, inverse = false, onto, fractions } = request
      const group = `${picture.item.key} ${inverse} ${onto} ${fractions} ${fills}`
      const subjects = groups.get(group) ?? new Map<string, { subject: Subject; requests: ScoreRequest[] }>()
      groups.set(group, subjects)
      const text = JSON.stringify(request.subject)
      const one = subjects.get(text) ?? { subject: request.subject, requests: [] }
      subjects.set(text, one)
      const digest = session.testerDigest(request.tester, request.plain === true)
      if (!one.requests.some(other => session.testerDigest(other.tester, other.plain === true) === digest))
        one.requests.push(request)
    }
    const cells: { cell: Cell; blocks: { subject: Subject; requests: ScoreRequest[] }[]; fills: readonly string[] }[] = []
    for (const subjects of groups.values()) {
      const bySet = new Map<string, { subject: Subject; requests: ScoreRequest[] }[]>()
      for (const one of subjects.values()) {
        const set = one.requests.map(({ tester, plain }) => `${tester}${plain}`).join()
        bySet.set(set, [...(bySet.get(set) ?? []), one])
      }
      for (const blocks of bySet.values()) {
        const [first] = blocks[0]!.requests as [ScoreRequest]
        const { fills = preset.fills, fractions = preset.fractions } = first
        const masks = fills.length * fractions.length * blocks[0]!.requests.length
        const most = Math.max(1, Math.floor(largestCell / masks))
        for (let at = 0; at < blocks.length; at += most) {
          const own = blocks.slice(at, at + most)
          cells.push({ cell: this.#scoreCell(own, fills, fractions), blocks: own, fills })
        }
      }
    }
    await session.run(
      stage,
      cells.map(({ cell }) => cell),
    )
    for (const { cell, blocks, fills } of cells) {
      const value = session.found<ScoreValue>(cell)
      if (!value) continue
      let at = 0
      for (const { requests: own } of blocks)
        for (const request of own)
          for (const fill of fills) {
            const end = at + (request.fractions ?? preset.fractions).length
            this.#scores.set(this.#keyOf(request, fill), {
              top: value.top.slice(at, end),
              probability: value.probability.slice(at, end),
            })
            at = end
          }
    }
  }

  #scoreCell(
    blocks: readonly { subject: Subject; requests: readonly ScoreRequest[] }[],
    fills: readonly string[],
    fractions: readonly number[],
  ): Cell {
    const { requests } = blocks[0]!
    const [{ picture, inverse = false, onto }] = requests as readonly [ScoreRequest]
    const options: ScoreOptions = {
      subjects: blocks.map(({ subject }) => subject),
      testers: requests.map(({ tester, plain = false }) => this.session.testerDigest(tester, plain)),
      class: picture.class,
      size: this.session.pictures.size,
      fractions,
      fills,
      inverse,
      ...(onto === undefined ? {} : { onto }),
    }
    const forwards = blocks.length * requests.length * fills.length * fractions.length
    return this.session.cell('score', picture.item.key, options, { cost: { forwards, gradients: 0 } })
  }

  #keyOf({ picture, subject, tester, plain = false, inverse = false, onto, fractions }: ScoreRequest, fill: string): string {
    const text = JSON.stringify(subject)
    const number = this.#subjects.get(text) ?? this.#subjects.size
    this.#subjects.set(text, number)
    const digest = this.session.testerDigest(tester, plain).slice(0, 12)
    return `${picture.item.key} ${number} ${digest} ${inverse} ${onto} ${fractions} ${fill}`
  }

  of(request: ScoreRequest, fill: string): ScoreCurve | undefined {
    return this.#scores.get(this.#keyOf(request, fill))
  }
}
