/** @file Every contestant on every picture: the order that it gives, and the curves along it. */
import { fitPicture, Random } from '@ascribe/core'
import { spread } from '../../../order.js'
import type { Cell } from '../../../runner/index.js'
import { contestantCost } from '../contestants.js'
import type { Entry } from '../entry.js'
import { estimateTime } from '../estimate.js'
import { type SelectValue, scoreOf } from '../identity.js'
import { mainEntry, type PlannedEntry } from '../plan.js'
import type { ByPicture, Scored } from '../result.js'
import { curveKinds, imageMetrics } from '../scores.js'
import type { Session } from './session.js'

export interface StudyRun {
  readonly entry: Entry
  readonly purpose: PlannedEntry['purpose']
  readonly values: ByPicture<SelectValue>
}

/** Features that a partition such as `slic:64` is likely to make. */
export const expectedFeatures = (segments: string): number => {
  const [kind, number = '8'] = segments.split(':')
  const sides = number.split('x').map(Number)
  return kind === 'grid' ? sides[0]! * (sides[1] ?? sides[0]!) : sides[0]!
}

export async function runsOf(
  session: Session,
  planned: readonly PlannedEntry[],
  scored: readonly Scored[],
  classes: number,
): Promise<StudyRun[]> {
  const { preset, seed, model, options } = session
  const features = expectedFeatures(preset.segments)
  const points = 21 * curveKinds.length * (session.twin ? 2 : 1)
  const keys = planned.map(() => new Map<string, string>())
  const cells: Cell[] = []
  const places = new Map(spread(scored).map(({ item }, place) => [item.key, place]))
  for (const [i, { item, class: own }] of scored.entries()) {
    const wrong = (own + 1 + new Random(seed, i).integer(classes - 1)) % classes
    for (const [e, { entry, limit }] of planned.entries()) {
      if (places.get(item.key)! >= limit) continue
      const { forwards, gradients } = contestantCost(entry, features, preset.segments)
      const cell = session.cell({
        kind: 'select',
        sample: item.key,
        options: session.twinned({ entry, ...scoreOf(entry), class: entry.twist === 'wrong-class' ? wrong : own }),
        method: entry.contestant,
        cost: { forwards: forwards + points, gradients },
      })
      keys[e]!.set(item.key, cell.key)
      cells.push(cell)
    }
  }
  const { processes, signal, log } = options
  if (log) {
    const picture = fitPicture(await session.images.picture(scored[0]!.item.key), model.preprocessing!)
    log(await estimateTime({ model, picture, cells, processes: Math.max(1, processes), ...(signal && { signal }) }))
  }
  const values = await session.run<SelectValue>('runs', cells, {
    metrics: imageMetrics.map(({ name }) => name),
    comparisons: 'greedy-pig minus each rival, paired by picture; Holm over the rivals of each metric',
    main: { ...mainEntry(preset) },
  })
  return planned.map(({ entry, purpose }, e) => ({
    entry,
    purpose,
    values: new Map(
      scored.flatMap(({ item }) => {
        const value = values.get(keys[e]!.get(item.key) ?? '')
        return value ? [[item.key, value] as const] : []
      }),
    ),
  }))
}
