/** @file Every metric of every entry on every picture, and of what was selected for each picture's fold. */
import type { EnsembleEntry, Entry } from '../entry.js'
import type { ScoreValue } from '../identity.js'
import type { ByPicture, FoldChoice, ScoredRun } from '../result.js'
import type { Mapped, ScoreRequest, Session } from '../session.js'

/** What is found for the picture's fold: by the search, or member by member. */
export type Found = 'selected' | 'forward'

export type Wanted = Entry | Found

export function entryFor(wanted: Wanted, choices: readonly FoldChoice[], { fold }: Mapped): Entry {
  if (wanted === 'selected') return choices[fold]!.entry
  return wanted === 'forward' ? choices[fold]!.forward.entry : wanted
}

/** What of a request is the same for all pictures. */
type Asked = Partial<Omit<ScoreRequest, 'entry' | 'picture'>>

export async function scoresOf(
  session: Session,
  stage: string,
  wanted: readonly Entry[],
  pictures: readonly Mapped[],
  asked: Asked = { full: true },
): Promise<ScoredRun[]> {
  const values = await session.scores(
    stage,
    pictures.flatMap(picture => wanted.map(entry => ({ ...asked, picture, entry }))),
  )
  return wanted.map((entry, e) => ({ entry, values: valuesBy(pictures, i => values[i * wanted.length + e]) }))
}

/** Every picture by what was found without its fold. */
export async function foundScores(
  session: Session,
  stage: string,
  found: Found,
  choices: readonly FoldChoice[],
  pictures: readonly Mapped[],
  asked: Asked = { full: true },
): Promise<ByPicture> {
  const values = await session.scores(
    stage,
    pictures.map(picture => ({ ...asked, picture, entry: entryFor(found, choices, picture) as EnsembleEntry })),
  )
  return valuesBy(pictures, i => values[i])
}

export const valuesBy = <Value = ScoreValue>(
  pictures: readonly Mapped[],
  at: (i: number) => Value | undefined,
): ReadonlyMap<string, Value> =>
  new Map(
    pictures.flatMap(({ item }, i) => {
      const value = at(i)
      return value ? [[item.key, value] as const] : []
    }),
  )
