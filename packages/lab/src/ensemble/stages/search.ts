/** @file The search for ensembles: successive halving on the pictures of four folds, for each fifth. */
import type { EnsembleEntry } from '../entry.js'
import type { FoldChoice, ScoredRun } from '../result.js'
import { rungsOf, survivors, worstMargin } from '../search.js'
import type { Mapped, Session } from '../session.js'

/** The best of all candidates by the pictures outside each fold, the folds side by side. */
export async function search(
  session: Session,
  all: readonly EnsembleEntry[],
  pictures: readonly Mapped[],
  rivals: readonly ScoredRun[],
): Promise<Omit<FoldChoice, 'forward'>[]> {
  const { preset } = session
  const usable = pictures.filter(({ item }) => rivals.every(({ values }) => values.has(item.key)))
  const folds = Array.from({ length: preset.folds }, (_, fold) => {
    const training = usable.filter(picture => picture.fold !== fold)
    return {
      fold,
      training,
      rungs: rungsOf(all.length, training.length, preset.first, preset.keep),
      left: [...all.keys()],
      margin: Number.NaN,
    }
  })
  const rounds = Math.max(...folds.map(({ rungs }) => rungs.length))
  for (let round = 0; round < rounds; round++) {
    const active = folds.filter(({ rungs }) => round < rungs.length)
    const asked = active.flatMap(({ training, rungs, left }) =>
      training.slice(0, rungs[round]!.pictures).flatMap(picture => left.map(c => ({ picture, entry: all[c]! }))),
    )
    const values = await session.scores(`search-${round + 1}`, asked)
    let at = 0
    for (const fold of active) {
      const { training, rungs, left } = fold
      const seen = training.slice(0, rungs[round]!.pictures)
      const scores = left.map((_, k) => seen.map((_, i) => values[at + i * left.length + k]))
      at += seen.length * left.length
      const margins = scores.map(own => {
        const whole = own.flatMap((value, i) => (value ? [{ value, key: seen[i]!.item.key }] : []))
        if (whole.length < seen.length) return Number.NEGATIVE_INFINITY
        return worstMargin(
          whole.map(({ value }) => value),
          rivals.map(rival => whole.map(({ key }) => rival.values.get(key)!)),
        )
      })
      const best = survivors(margins, rungs[round + 1]?.count ?? 1)
      fold.margin = margins[best[0]!]!
      fold.left = best.map(k => left[k]!)
    }
  }
  return folds.map(({ fold, left, margin, training }) => ({
    fold,
    entry: all[left[0]!]!,
    margin,
    ranked: rankedMembers(session, training, rivals),
  }))
}

/** Members from the best by itself on these pictures to the worst: the negative of the first is the worst junk. */
function rankedMembers(session: Session, training: readonly Mapped[], rivals: readonly ScoredRun[]): number[] {
  const scores = session.options.members.map((_, m) => training.map(({ item }) => rivals[2 * m]!.values.get(item.key)!))
  const margins = scores.map((own, m) =>
    worstMargin(
      own,
      scores.filter((_, other) => other !== m),
    ),
  )
  return survivors(margins, margins.length)
}
