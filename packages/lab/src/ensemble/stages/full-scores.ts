/** @file Every metric of every entry on every picture, and of what was selected for each picture's fold. */
import type { EnsembleEntry, Entry } from '../entry.js'
import type { ScoreValue } from '../identity.js'
import type { ByPicture, FoldChoice, ScoredRun } from '../result.js'
import type { Mapped, ScoreRequest, Session } from '../session.js'

/** An entry, or whatever was selected for the picture's fold. */
export type Wanted = Entry | 'selected'

export const entryFor = (wanted: Wanted, choices: readonly FoldChoice[], { fold }: Mapped): Entry =>
  wanted === 'selected' ? choices[fold]!.entry : wanted

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

/** Every picture by what was selected without its fold. */
export async function selectedScores(
  session: Session,
  stage: string,
  choices: readonly FoldChoice[],
  pictures: readonly Mapped[],
  asked: Asked = { full: true },
): Promise<ByPicture> {
  const values = await session.scores(
    stage,
    pictures.map(picture => ({ ...asked, picture, entry: entryFor('selected', choices, picture) as EnsembleEntry })),
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
