/** @file Which pictures count: those that the model answers correctly. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import type { AnswerValue } from '../identity.js'
import type { Scored } from '../result.js'
import type { Session } from './session.js'

interface Answers {
  /** In an order drawn by seed; generated ones instance by instance. */
  readonly scored: readonly Scored[]
  readonly labelled: number
  readonly correct: number
  /** Share of the pictures on which the twin answers as the model does. */
  readonly agreement: number
  readonly classes: number
}

/** Where nothing is labelled, all pictures count. */
export async function answersOf(session: Session): Promise<Answers> {
  const { items } = session.images
  const cells = items.map(({ key }) =>
    session.cell({ kind: 'answer', sample: key, options: session.twinned({}), cost: { forwards: 2, gradients: 0 } }),
  )
  const values = await session.run<AnswerValue>('answers', cells)
  const labelled = items.filter(({ label }) => label !== undefined).length
  const answers = items.flatMap((item, i) => {
    const value = values.get(cells[i]!.key)
    return value ? [{ item, ...value }] : []
  })
  const right = answers.filter(({ item, predicted }) => labelled === 0 || item.label === predicted)
  // Generated pictures come at random already, and in this order fewer are the first of more.
  const drawn = session.images.kind === 'generated'
  const order = drawn ? Uint32Array.from(right.keys()) : shuffled(right.length, new Random(session.seed, 0x1a9e))
  const scored = Array.from(order.subarray(0, session.preset.pictures), at => {
    const { item, predicted, probability } = right[at]!
    return { item, class: predicted, probability }
  })
  const agreement = answers.filter(({ predicted, twin }) => predicted === twin).length / Math.max(1, answers.length)
  return { scored, labelled, correct: right.length, agreement, classes: answers[0]?.classes ?? 0 }
}
