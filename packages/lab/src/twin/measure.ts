/** @file How models answer: whole pictures, and pictures with parts removed. */
import { Random, type Session } from '@ascribe/core'
import type { Row, TrainingData } from '../train/data.js'
import { modelInput, validationRows } from '../train/validation.js'
import { blobMask } from './blob.js'
import { filledPicture, type MaskFill, maskFillNamed } from './fills.js'
import { maskStreams, pictureOf } from './masked-data.js'

/** Shares removed at which accuracy is measured. */
export const measuredAreas = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95] as const

/** Share of masked validation pictures answered as labelled, by the original and by the twin. */
export interface MaskedAccuracy {
  readonly fill: string
  /** Share removed. */
  readonly area: number
  readonly before: number
  readonly after: number
}

interface Answered {
  readonly label: number
  /** The class of each model's largest score. */
  readonly answers: readonly number[]
}

/** Answers of several models to rows that are made one after the other. */
async function answered(
  sessions: readonly Session[],
  data: TrainingData,
  count: number,
  rowAt: (i: number) => Promise<Row>,
  signal?: AbortSignal,
): Promise<Answered[]> {
  const found: Answered[] = []
  const classes = data.classes.length
  for (let start = 0; start < count; start += validationRows) {
    const rows: Row[] = []
    for (let i = start; i < Math.min(count, start + validationRows); i++) rows.push(await rowAt(i))
    const input = modelInput(data, rows)
    const scores: Float32Array[] = []
    for (const session of sessions) {
      const { logits } = await session.run({ input }, ['logits'], signal ? { signal } : {})
      scores.push(logits!.data as Float32Array)
    }
    rows.forEach(({ label }, i) => {
      const answers = scores.map(all => {
        const own = all.subarray(i * classes, (i + 1) * classes)
        return own.indexOf(own.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY))
      })
      found.push({ label, answers })
    })
  }
  return found
}

/** Answers to all whole validation pictures. */
export const answersToWhole = (sessions: readonly Session[], data: TrainingData, signal?: AbortSignal): Promise<Answered[]> =>
  answered(sessions, data, data.validationCount, async i => data.validation(i), signal)

export const shareOf = <T>(list: readonly T[], holds: (one: T, index: number) => boolean): number =>
  list.filter(holds).length / list.length

export interface MaskedOptions {
  readonly original: Session
  readonly twin: Session
  readonly data: TrainingData
  readonly fills: readonly string[]
  readonly seed: number
  /** Validation pictures, spread over all. */
  readonly pictures: number
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number) => void
}

/** Accuracy fill by fill, areas rising; both models see the same masks, other ones for every fill and area. */
export async function measureMasked(options: MaskedOptions): Promise<MaskedAccuracy[]> {
  const { original, twin, data, fills, seed, signal } = options
  const total = data.validationCount
  const chosen = Math.min(options.pictures, total)
  const masks = fills.flatMap(name => measuredAreas.map(area => ({ fill: maskFillNamed(name), area })))
  const measured: MaskedAccuracy[] = []
  for (const [number, { fill, area }] of masks.entries()) {
    const rowAt = async (i: number): Promise<Row> => {
      const index = Math.floor((i * total) / chosen)
      return maskedRow(data, await data.validation(index), fill, area, seed, number * total + index)
    }
    const found = await answered([original, twin], data, chosen, rowAt, signal)
    const right = (model: 0 | 1): number => shareOf(found, ({ label, answers }) => answers[model] === label)
    measured.push({ fill: fill.name, area, before: right(0), after: right(1) })
    options.onProgress?.((number + 1) / masks.length)
  }
  return measured
}

function maskedRow(data: TrainingData, row: Row, fill: MaskFill, area: number, seed: number, stream: number): Row {
  const picture = pictureOf(data, row)
  const removed = blobMask(new Random(seed, maskStreams.measuring + stream), picture.height, picture.width, area)
  return { ...row, values: filledPicture(picture, removed, fill, seed + stream) }
}
