/** @file Stages that look at the orders of the runs again: masks over other contents, AIC and SIC, maps to be shown. */
import { fitPicture } from '@ascribe/core'
import { spread } from '../../../order.js'
import { type Cell, readMap } from '../../../runner/index.js'
import type { InformationValue, MaskOnlyValue } from '../identity.js'
import { informationThresholds, isInformative, isMasked } from '../plan.js'
import type { ImageExample, ImageStudy, Scored } from '../result.js'
import type { StudyRun } from './runs.js'
import type { Session } from './session.js'

/** Below this side, sizes of files are mostly headers. */
const smallestInformation = 128
/** Points of an AIC or SIC curve; the reference implementation has 1,000. */
const informationPoints = 200

interface PerOrder {
  readonly stage: string
  readonly runs: readonly StudyRun[]
  readonly pictures: readonly Scored[]
  /** What a cell needs beside the order and the class; undefined where there is none. */
  readonly more: (scored: Scored) => object | undefined
  readonly forwards: number
}

async function perOrder<Value>(session: Session, { stage, runs, pictures, more, forwards }: PerOrder) {
  const cells = runs.map(() => new Map<string, Cell>())
  const ordered: Cell[] = []
  for (const scored of pictures)
    for (const [r, { entry, values }] of runs.entries()) {
      const [value, rest] = [values.get(scored.item.key), more(scored)]
      if (!value || !rest) continue
      const options = { order: value.order, class: scored.class, ...rest }
      const cost = { forwards, gradients: 0 }
      const cell = session.cell({ kind: stage, sample: scored.item.key, options, method: entry.contestant, cost })
      cells[r]!.set(scored.item.key, cell)
      ordered.push(cell)
    }
  const found = await session.run<Value>(stage, ordered)
  return runs.map(({ entry }, r) => ({
    entry,
    values: new Map(
      [...cells[r]!].flatMap(([key, cell]) => {
        const value = found.get(cell.key)
        return value === undefined ? [] : [[key, value] as const]
      }),
    ),
  }))
}

/** The mask of each picture over noise and over the next picture of another class. */
export function maskOnlyOf(session: Session, runs: readonly StudyRun[], scored: readonly Scored[]) {
  const pictures = spread(scored).slice(0, session.preset.controls)
  return perOrder<MaskOnlyValue>(session, {
    stage: 'mask-only',
    runs: runs.filter(isMasked),
    pictures,
    more: ({ item, class: own }) => {
      const at = pictures.findIndex(one => one.item.key === item.key)
      const other = [...pictures.slice(at + 1), ...pictures.slice(0, at)].find(one => one.class !== own)
      return other && { other: other.item.key }
    },
    forwards: 63,
  })
}

/** AIC and SIC on the most certain pictures; those below every threshold on the prediction are left out. */
export async function informationOf(
  session: Session,
  runs: readonly StudyRun[],
  scored: readonly Scored[],
): Promise<Pick<ImageStudy, 'information' | 'noInformation'>> {
  const { preset, side } = session
  if (preset.information === 0) return { information: [], noInformation: 'they were left out' }
  if (side < smallestInformation)
    return {
      information: [],
      noInformation: `pictures are ${side} x ${side}; they need at least ${smallestInformation} pixels a side`,
    }
  const least = Math.min(...informationThresholds)
  const certain = scored.filter(({ probability }) => probability >= least)
  if (certain.length === 0)
    return {
      information: [],
      noInformation: `no picture is predicted with at least ${least}; the threshold of both is that or higher`,
    }
  const information = await perOrder<InformationValue>(session, {
    stage: 'information',
    runs: runs.filter(run => isInformative(run, preset)),
    pictures: certain.sort((a, b) => b.probability - a.probability).slice(0, preset.information),
    more: () => ({ points: informationPoints }),
    forwards: 30,
  })
  return { information }
}

export async function examplesOf(
  session: Session,
  runs: readonly StudyRun[],
  scored: readonly Scored[],
): Promise<ImageExample[]> {
  const { preset, model, images } = session
  const shown = runs.filter(({ purpose, entry }) => purpose === 'rivals' && entry.baseline === preset.baselines[0])
  const wanted = scored.slice(0, preset.examples).map(one => {
    const orders = shown.flatMap(({ entry, values }) => {
      const value = values.get(one.item.key)
      return value ? [{ label: entry.contestant, order: value.order }] : []
    })
    const options = { orders: orders.map(({ order }) => order) }
    return { ...one, orders, cell: session.cell({ kind: 'maps', sample: one.item.key, options }) }
  })
  const values = await session.run(
    'maps',
    wanted.map(({ cell }) => cell),
  )
  const examples: ImageExample[] = []
  for (const { item, class: own, probability, orders, cell } of wanted) {
    if (!values.has(cell.key)) continue
    const maps = []
    for (const [k, { label }] of orders.entries()) {
      const { data, dims } = await readMap(session.folderOf('maps'), cell.key, `order-${k}`)
      maps.push({ label, values: data as Float32Array, dims })
    }
    examples.push({
      title: `${item.name}: ${model.labels?.[own] ?? `class ${own}`}, probability ${probability.toFixed(2)}`,
      picture: fitPicture(await images.picture(item.key), model.preprocessing!),
      maps,
    })
  }
  return examples
}
