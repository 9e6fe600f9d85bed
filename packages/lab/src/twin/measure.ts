/** @file How a twin answers beside its original: whole pictures, and pictures with parts removed. */
import { Random, type Session } from '@ascribe/core'
import type { Row, TrainingData } from '../train/data.js'
import { modelInput, validationRows } from '../train/validation.js'
import { blobMask } from './blob.js'
import { filledPicture, type MaskFill, maskFillNamed } from './fills.js'
import { maskStreams, pictureOf } from './masked-data.js'

/** Shares removed at which accuracy is measured. */
export const measuredAreas = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95] as const

/** Share of validation pictures answered as labelled, by the original and by the twin. */
export interface MaskedAccuracy {
  readonly fill: string
  /** Share removed. */
  readonly area: number
  readonly before: number
  readonly after: number
}

export interface TwinMeasurement {
  /** Share of whole validation pictures to which both models give the same class, of `pictures`. */
  readonly agreement: number
  readonly pictures: number
  /** Accuracy on whole pictures. */
  readonly before: number
  readonly after: number
  /** Fill by fill, areas rising. */
  readonly masked: readonly MaskedAccuracy[]
  /** Pictures of each of them. */
  readonly maskedPictures: number
}

/** The class with the largest score, row by row. */
export async function answersOf(
  session: Session,
  data: TrainingData,
  rows: readonly Row[],
  signal?: AbortSignal,
): Promise<number[]> {
  const { logits } = await session.run({ input: modelInput(data, rows) }, ['logits'], signal ? { signal } : {})
  const classes = data.classes.length
  return rows.map((_, row) => {
    const scores = (logits!.data as Float32Array).subarray(row * classes, (row + 1) * classes)
    return scores.indexOf(scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY))
  })
}

export interface MeasureOptions {
  readonly original: Session
  readonly twin: Session
  /** Whole pictures. */
  readonly data: TrainingData
  readonly fills: readonly string[]
  readonly seed: number
  /** Validation pictures that are masked, spread over all. */
  readonly maskedPictures: number
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number) => void
}

export async function measureTwin(options: MeasureOptions): Promise<TwinMeasurement> {
  const { data, fills, signal, onProgress } = options
  const total = data.validationCount
  const chosen = Math.min(options.maskedPictures, total)
  const masks = fills.flatMap(name => measuredAreas.map(area => ({ fill: maskFillNamed(name), area })))
  const steps = total + chosen * masks.length
  let done = 0
  const count = { agree: 0, before: 0, after: 0 }
  const both = async (rows: readonly Row[], tally: typeof count): Promise<void> => {
    const before = await answersOf(options.original, data, rows, signal)
    const after = await answersOf(options.twin, data, rows, signal)
    rows.forEach(({ label }, i) => {
      if (before[i] === after[i]) tally.agree++
      if (before[i] === label) tally.before++
      if (after[i] === label) tally.after++
    })
    done += rows.length
    onProgress?.(done / steps)
  }
  const inParts = async (of: number, rowAt: (i: number) => Promise<Row>, tally: typeof count): Promise<void> => {
    for (let start = 0; start < of; start += validationRows) {
      const rows: Row[] = []
      for (let i = start; i < Math.min(of, start + validationRows); i++) rows.push(await rowAt(i))
      await both(rows, tally)
    }
  }
  await inParts(total, async i => data.validation(i), count)
  const masked: MaskedAccuracy[] = []
  for (const [number, { fill, area }] of masks.entries()) {
    const tally = { agree: 0, before: 0, after: 0 }
    const rowAt = async (i: number): Promise<Row> => {
      const index = Math.floor((i * total) / chosen)
      return maskedRow(data, await data.validation(index), fill, area, options.seed, number * total + index)
    }
    await inParts(chosen, rowAt, tally)
    masked.push({ fill: fill.name, area, before: tally.before / chosen, after: tally.after / chosen })
  }
  return {
    agreement: count.agree / total,
    pictures: total,
    before: count.before / total,
    after: count.after / total,
    masked,
    maskedPictures: chosen,
  }
}

function maskedRow(data: TrainingData, row: Row, fill: MaskFill, area: number, seed: number, stream: number): Row {
  const picture = pictureOf(data, row)
  const removed = blobMask(new Random(seed, maskStreams.measuring + stream), picture.height, picture.width, area)
  return { ...row, values: filledPicture(picture, removed, fill, seed + stream) }
}
