/** @file The pointing game on mosaics of pictures of different classes, drawn by seed. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import { contestantCost } from '../contestants.js'
import { type MosaicOptions, type MosaicValue, scoreOf } from '../identity.js'
import { isInformative } from '../plan.js'
import type { ImageStudy, Scored } from '../result.js'
import { expectedFeatures, type StudyRun } from './runs.js'
import type { Session } from './session.js'

interface MosaicCell {
  readonly sample: string
  readonly options: Omit<MosaicOptions, 'entry' | 'segments'>
}

/**
 * Mosaics of side x side pictures of different classes, each explained for the class of one of its cells; none where there are too few
 * classes.
 */
export function mosaicCells(scored: readonly Scored[], side: number, count: number, seed: number): MosaicCell[] {
  const classes = new Set(scored.map(({ class: own }) => own)).size
  if (classes < side * side) return []
  return Array.from({ length: count }, (_, i) => {
    const random = new Random(seed, 0x305a1c00 + side * 0x10000 + i)
    const seen = new Set<number>()
    const members: Scored[] = []
    for (const at of shuffled(scored.length, random)) {
      const one = scored[at]!
      if (seen.has(one.class) || members.length === side * side) continue
      seen.add(one.class)
      members.push(one)
    }
    const cell = random.integer(side * side)
    return {
      sample: `mosaic ${side} x ${side}, ${i}`,
      options: { side, cell, class: members[cell]!.class, members: members.map(({ item }) => item.key) },
    }
  })
}

/** Every informative contestant on mosaics of 2 x 2 and 3 x 3. */
export async function mosaicsOf(
  session: Session,
  runs: readonly StudyRun[],
  scored: readonly Scored[],
): Promise<ImageStudy['mosaics']> {
  const { preset, seed } = session
  const entries = runs.filter(run => isInformative(run, preset)).map(({ entry }) => entry)
  const made = [2, 3].flatMap(side => mosaicCells(scored, side, preset.mosaics, seed))
  const features = expectedFeatures(preset.segments)
  const cells = made.map(({ sample, options }) =>
    entries.map(entry =>
      session.cell({
        kind: 'mosaic',
        sample,
        options: { entry, ...scoreOf(entry), ...options },
        method: entry.contestant,
        cost: contestantCost(entry, features, preset.segments),
      }),
    ),
  )
  const values = await session.run<MosaicValue>('mosaics', cells.flat())
  return entries.map((entry, e) => ({
    entry,
    values: made.flatMap(({ sample, options: { side } }, i) => {
      const value = values.get(cells[i]![e]!.key)
      return value ? [{ ...value, side, sample }] : []
    }),
  }))
}
