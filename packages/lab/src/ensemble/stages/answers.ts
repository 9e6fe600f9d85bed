/** @file Which pictures count: those that the model answers correctly, and its twin with it. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../order.js'
import type { AnswerValue } from '../identity.js'
import type { Scored, Session } from '../session.js'
import { stages } from '../stored.js'

interface Answers {
  /** In an order drawn by seed. */
  readonly scored: readonly Scored[]
  readonly labelled: number
  readonly correct: number
  readonly classes: number
  /** Share of all pictures on which the twin answers as the model does; NaN without one. */
  readonly agreement: number
}

/** Where nothing is labelled, all pictures count on which the twin, where there is one, answers as the model does. */
export async function answersOf(session: Session): Promise<Answers> {
  const { items } = session.images
  const { twin } = session
  const asked = twin ? { twin: twin.digest } : {}
  const cells = items.map(({ key }) => session.cell('answer', key, asked, { forwards: twin ? 4 : 2, gradients: 0 }))
  const values = await session.run<AnswerValue>(stages.answers, cells)
  const labelled = items.filter(({ label }) => label !== undefined).length
  const answers = items.flatMap((item, i) => {
    const value = values.get(cells[i]!.key)
    return value ? [{ item, ...value }] : []
  })
  const right = answers
    .filter(({ item, predicted, twin: other }) => (labelled === 0 || item.label === predicted) && (!twin || other === predicted))
    .map(({ item, predicted, probability }) => ({ item, class: predicted, probability }))
  const order = shuffled(right.length, new Random(session.options.seed, 0x1a9e))
  const scored: Scored[] = Array.from(order.subarray(0, session.preset.pictures), at => right[at]!)
  const same = answers.filter(({ predicted, twin: other }) => predicted === other).length
  return {
    scored,
    labelled,
    correct: right.length,
    classes: answers[0]?.classes ?? 0,
    agreement: twin ? same / answers.length : Number.NaN,
  }
}
