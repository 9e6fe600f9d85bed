/**
 * @file Members taken one by one, again and again: ensemble selection (Caruana et al., Ensemble Selection from Libraries of Models, ICML
 * 2004) with single maps as the library, each with its signs and without.
 */
import type { EnsembleEntry, SingleEntry } from '../entry.js'
import type { FoldPick, ScoredRun } from '../result.js'
import { worstMargin } from '../search.js'
import type { Mapped, Session } from '../session.js'

/** Scales that picked maps are brought to; each is tried. */
export const scales = ['min-max', 'rank'] as const

interface Course {
  readonly fold: number
  readonly normaliser: string
  readonly training: readonly Mapped[]
  picked: readonly SingleEntry[]
  margin: number
  done: boolean
}

const entryOf = ({ normaliser }: Course, picked: readonly SingleEntry[]): EnsembleEntry => ({
  normaliser,
  absolute: false,
  scheme: 'mean',
  picked,
})

/** In an order that does not depend on when each was picked: equal multisets are one entry. */
const sorted = (picked: readonly SingleEntry[], library: readonly SingleEntry[]): SingleEntry[] =>
  library.flatMap(one => picked.filter(({ single, absolute }) => single === one.single && absolute === one.absolute))

/**
 * For each fold, on pictures of the others: of all maps the one that raises the smallest margin most is taken, and taken again as long as
 * the margin grows.
 */
export async function forwardSelection(
  session: Session,
  pictures: readonly Mapped[],
  rivals: readonly ScoredRun[],
): Promise<FoldPick[]> {
  const { folds, forward } = session.preset
  const library = rivals.map(({ entry }) => entry as SingleEntry)
  const usable = pictures.filter(({ item }) => rivals.every(({ values }) => values.has(item.key)))
  const courses = Array.from({ length: folds }, (_, fold) => fold).flatMap(fold =>
    scales.map((normaliser): Course => {
      const training = usable.filter(picture => picture.fold !== fold).slice(0, forward.pictures)
      return { fold, normaliser, training, picked: [], margin: Number.NEGATIVE_INFINITY, done: false }
    }),
  )
  for (let round = 1; round <= forward.rounds; round++) {
    const asked = courses
      .filter(({ done }) => !done)
      .flatMap(course => library.map(one => ({ course, picked: sorted([...course.picked, one], library) })))
    if (asked.length === 0) break
    const values = await session.scores(
      `forward-${round}`,
      asked.flatMap(({ course, picked }) => course.training.map(picture => ({ picture, entry: entryOf(course, picked) }))),
    )
    let at = 0
    const before = new Map(courses.map(course => [course, course.margin]))
    for (const { course, picked } of asked) {
      const own = values.slice(at, at + course.training.length)
      at += course.training.length
      if (own.some(value => value === undefined)) continue
      const margin = worstMargin(
        own.map(value => value!),
        rivals.map(rival => course.training.map(({ item }) => rival.values.get(item.key)!)),
      )
      if (margin > course.margin) {
        course.margin = margin
        course.picked = picked
      }
    }
    for (const course of courses) course.done ||= course.margin === before.get(course)
  }
  return Array.from({ length: folds }, (_, fold): FoldPick => {
    const best = courses.filter(course => course.fold === fold).reduce((most, one) => (one.margin > most.margin ? one : most))
    return { entry: entryOf(best, best.picked), margin: best.margin }
  })
}
