/** @file Training data whose pictures are masked at random. */
import { createHash } from 'node:crypto'
import { Random } from '@ascribe/core'
import type { Row, TrainingData } from '../train/data.js'
import { blobMask } from './blob.js'
import { type BytePicture, filledPicture, maskFillNamed } from './fills.js'
import type { Teaching } from './teaching.js'

/** Largest share of a picture that is removed. */
const largestArea = 0.95

/** Streams of the seed beside those of training. */
export const maskStreams = { training: 100_000_000_000, measuring: 200_000_000_000 } as const

export interface MaskingOptions {
  /** Names of fills; each masked picture draws one. */
  readonly fills: readonly string[]
  /** Share of the pictures that stay whole. */
  readonly clean: number
  readonly seed: number
}

/** What is drawn for one picture. */
export interface DrawnMask {
  /** Share removed; 0 where the picture stays whole. */
  readonly area: number
  readonly fill: string
  readonly removed: Uint8Array
}

/** The mask of one picture: whole with probability `clean`, else an area uniform in [0, 0.95), a fill of the list, and blobs. */
export function drawMask(
  { fills, clean, seed }: MaskingOptions,
  stream: number,
  height: number,
  width: number,
): DrawnMask | undefined {
  const random = new Random(seed, maskStreams.training + stream)
  if (random.uniform() < clean) return undefined
  const area = largestArea * random.uniform()
  const fill = fills[random.integer(fills.length)]!
  return { area, fill, removed: blobMask(random, height, width, area) }
}

/** A row's picture. */
export const pictureOf = ({ row }: Pick<TrainingData, 'row'>, { values }: Row): BytePicture => ({
  data: values as Uint8Array,
  height: row[1]!,
  width: row[2]!,
})

/**
 * The same data with masks on training pictures, other ones each epoch; validation stays whole.
 * @param targetOf what a row should be answered, from its whole picture; without it the label
 */
export function maskedData(data: TrainingData, options: MaskingOptions, targetOf?: Teaching): TrainingData {
  const [, height, width] = data.row as [number, number, number]
  const decides = { data: data.digest, ...options, largestArea, ...(targetOf && { target: targetOf.digest }) }
  return {
    ...data,
    name: `${data.name}, masked`,
    digest: createHash('sha256').update(JSON.stringify(decides)).digest('hex'),
    ...(targetOf && { soft: true as const }),
    async training(epoch, index) {
      const row = await data.training(epoch, index)
      const stream = epoch * data.count + index
      const mask = drawMask(options, stream, height, width)
      const target = targetOf && { target: await targetOf.of(row) }
      if (!mask) return { ...row, ...target }
      const values = filledPicture(pictureOf(data, row), mask.removed, maskFillNamed(mask.fill), options.seed + stream)
      return { ...row, values, ...target }
    },
  }
}
