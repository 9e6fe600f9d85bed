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
  /** Maps that may be taken. */
  library: readonly SingleEntry[]
  /** Pictures that it is judged on. */
  seen: readonly Mapped[]
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

const isSame = (one: SingleEntry, other: SingleEntry): boolean => one.single === other.single && one.absolute === other.absolute

/**
 * For each fold, on pictures of the others: of all maps the one that raises the smallest margin most is taken, and taken again as long as
 * the margin grows. That is decided on some of the pictures; how often each map counts is then decided on all of them in the same way.
 */
export async function forwardSelection(
  session: Session,
  pictures: readonly Mapped[],
  rivals: readonly ScoredRun[],
): Promise<FoldPick[]> {
  const { folds, forward } = session.preset
  const all = rivals.map(({ entry }) => entry as SingleEntry)
  /** In an order that does not depend on when each was picked: equal multisets are one entry. */
  const sorted = (picked: readonly SingleEntry[]): SingleEntry[] => all.flatMap(one => picked.filter(other => isSame(one, other)))
  const usable = pictures.filter(({ item }) => rivals.every(({ values }) => values.has(item.key)))
  const training = (fold: number): readonly Mapped[] => usable.filter(picture => picture.fold !== fold)

  /** Takes the best of what each course might be next, where it is better than what it is. */
  const improve = async (stage: string, courses: readonly Course[], next: (course: Course) => SingleEntry[][]): Promise<void> => {
    const asked = courses.flatMap(course => next(course).map(picked => ({ course, picked: sorted(picked) })))
    const values = await session.scores(
      stage,
      asked.flatMap(({ course, picked }) => course.seen.map(picture => ({ picture, entry: entryOf(course, picked) }))),
    )
    const before = new Map(courses.map(course => [course, course.margin]))
    let at = 0
    for (const { course, picked } of asked) {
      const own = values.slice(at, at + course.seen.length).flatMap(value => (value ? [value] : []))
      at += course.seen.length
      if (own.length < course.seen.length) continue
      const margin = worstMargin(
        own,
        rivals.map(rival => course.seen.map(({ item }) => rival.values.get(item.key)!)),
      )
      if (margin > course.margin) Object.assign(course, { margin, picked })
    }
    for (const course of courses) course.done = course.margin === before.get(course)
  }
  const grow = async (name: string, courses: readonly Course[]): Promise<void> => {
    for (let round = 1; round <= forward.rounds; round++) {
      const going = courses.filter(({ done }) => !done)
      if (going.length === 0) break
      await improve(`${name}-${round}`, going, ({ picked, library }) => library.map(one => [...picked, one]))
    }
  }

  const courses = Array.from({ length: folds }, (_, fold) =>
    scales.map((normaliser): Course => {
      const seen = training(fold).slice(0, forward.pictures)
      return { fold, normaliser, library: all, seen, picked: [], margin: Number.NEGATIVE_INFINITY, done: false }
    }),
  )
  await grow('forward', courses.flat())
  const best = courses.map(own => own.reduce((most, one) => (one.margin > most.margin ? one : most)))
  for (const course of best)
    Object.assign(course, {
      seen: training(course.fold),
      library: all.filter(one => course.picked.some(other => isSame(one, other))),
      margin: Number.NEGATIVE_INFINITY,
      done: false,
    })
  await improve('forward-all', best, ({ picked }) => [[...picked]])
  await grow('forward-all', best)
  return best.map((course): FoldPick => ({ entry: entryOf(course, course.picked), margin: course.margin }))
}
