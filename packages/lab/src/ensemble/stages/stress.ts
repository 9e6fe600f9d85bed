/** @file What should do harm, and what should find nothing: worthless members, a wrong class, shuffled weights, masks alone. */
import type { Twist } from '../../greedy/image/entry.js'
import { defaults, type Entry } from '../entry.js'
import { type MaskOnlyValue, twists } from '../identity.js'
import { junkCases, keptMembers } from '../junk.js'
import { partOf } from '../presets.js'
import type { FoldChoice, JunkRun, MaskOnlyRun, TwistRun } from '../result.js'
import type { Mapped, Session } from '../session.js'
import { entryFor, valuesBy, type Wanted } from './full-scores.js'

/** Ensembles that are stressed: what was selected, and those named in advance. */
const stressedEntries: readonly Wanted[] = ['selected', ...defaults]

/** What was found by looking at scores. Forward selection takes what it knows, so that junk beside it would change nothing. */
const foundEntries: readonly Wanted[] = ['selected', 'forward']

/** Ensembles with worthless members among them, eight in all, and the same ensembles without those. */
export async function junkRuns(
  session: Session,
  choices: readonly FoldChoice[],
  pictures: readonly Mapped[],
): Promise<JunkRun[]> {
  const some = partOf(pictures, session.preset.junk)
  const all = session.options.members.length
  const sizes = [...new Set(junkCases.map(junk => keptMembers(all, junk.length)))]
  const cases = [
    ...sizes.map(members => ({ junk: [], members })),
    ...junkCases.map(junk => ({ junk, members: keptMembers(all, junk.length) })),
  ]
  const rows = stressedEntries.flatMap(wanted => cases.map(one => ({ wanted, ...one })))
  const values = await session.scores(
    'junk',
    some.flatMap(picture =>
      rows.map(({ wanted, junk, members }) => ({
        picture,
        entry: entryFor(wanted, choices, picture),
        junk,
        members,
        best: choices[picture.fold]!.ranked.find(member => member < members)!,
        full: true as const,
      })),
    ),
  )
  return rows.map(({ wanted, junk, members }, r) => ({
    wanted,
    junk,
    members,
    values: valuesBy(some, i => values[i * rows.length + r]),
  }))
}

/** Members by themselves, with their signs. */
const membersOf = (session: Session): Entry[] => session.options.members.map(({ label }) => ({ single: label, absolute: false }))

/** Members and ensembles on maps of a wrong class, and on maps of the shuffled model. */
export async function twistRuns(
  session: Session,
  choices: readonly FoldChoice[],
  twisted: Readonly<Record<Twist, readonly Mapped[]>>,
): Promise<TwistRun[]> {
  const wanted: readonly Wanted[] = [...foundEntries, ...defaults, ...membersOf(session)]
  const rows = twists.flatMap(twist => twisted[twist].map(picture => ({ twist, picture })))
  const values = await session.scores(
    'twists',
    rows.flatMap(({ picture }) => wanted.map(one => ({ picture, entry: entryFor(one, choices, picture) }))),
  )
  return twists.flatMap(twist => {
    const own = rows.flatMap((row, at) => (row.twist === twist ? [{ ...row, at }] : []))
    return wanted.map((one, w) => ({
      twist,
      wanted: one,
      values: valuesBy(
        own.map(({ picture }) => picture),
        i => values[own[i]!.at * wanted.length + w],
      ),
    }))
  })
}

/** The order of each picture over noise and over the next picture of another class. */
export async function maskOnlyRuns(
  session: Session,
  choices: readonly FoldChoice[],
  pictures: readonly Mapped[],
): Promise<MaskOnlyRun[]> {
  const some = partOf(pictures, session.preset.controls)
  const wanted: readonly Wanted[] = [...foundEntries, ...defaults, ...membersOf(session), { single: 'random', absolute: false }]
  const rows = some.flatMap((picture, i) => {
    const other = [...some.slice(i + 1), ...some.slice(0, i)].find(one => one.class !== picture.class)
    return other ? [{ picture, other: other.item.key }] : []
  })
  const cells = rows.map(({ picture, other }) =>
    wanted.map(one => session.maskOnlyCell({ picture, entry: entryFor(one, choices, picture) }, other)),
  )
  const values = await session.run<MaskOnlyValue>('mask-only', cells.flat())
  return wanted.map((one, w) => ({
    wanted: one,
    values: valuesBy(
      rows.map(({ picture }) => picture),
      i => values.get(cells[i]![w]!.key),
    ),
  }))
}
