/** @file The mask of a COCO annotation, however it is written. */
import { InputError } from '@ascribe/core'
import { polygonsToMask } from './polygon.js'
import { decompressRuns, runsToMask } from './rle.js'

/** Polygons, or runs (a list, or compressed to text) with [height, width]. */
export type Segmentation =
  | readonly (readonly number[])[]
  | { readonly counts: readonly number[] | string; readonly size: readonly [height: number, width: number] }

/**
 * [height, width] of 0 and 1, row by row.
 *
 * @throws InputError where the segmentation is damaged or of another picture's size
 */
export function segmentationToMask(segmentation: Segmentation, height: number, width: number): Uint8Array {
  if (!('counts' in segmentation)) return polygonsToMask(segmentation, height, width)
  const { counts, size } = segmentation
  if (size[0] !== height || size[1] !== width)
    throw new InputError(`the mask is ${size[1]} x ${size[0]}, its picture ${width} x ${height}`)
  return runsToMask(typeof counts === 'string' ? decompressRuns(counts) : counts, height, width)
}
