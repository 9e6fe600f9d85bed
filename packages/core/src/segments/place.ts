/** @file Picture partitions: made place by place, all channels of a place together. */
import { UsageError } from '../errors.js'
import { fromPlanes, pictureStrides, toPlanes } from '../picture.js'
import { extent } from '../tensor-value.js'
import type { SegmentSource } from './segments.js'

/** A picture as planes, channel after channel. */
export interface SegmentPicture {
  readonly planes: Float32Array
  readonly channels: number
  readonly height: number
  readonly width: number
}

/**
 * Labels of every element from labels of every place (row-major over height and width).
 * @throws UsageError where the tensor is no picture
 */
export function byPlace(source: SegmentSource, kind: string, make: (picture: SegmentPicture) => Int32Array): Int32Array {
  const { name, dims, data, axes } = source
  if (!axes)
    throw new UsageError(
      `segments "${kind}" need a picture [1, channels, height, width]; "${name}" has dims [${dims}]; use columns, tokens or elements`,
    )
  const { channels, height, width, places } = pictureStrides(dims, axes)
  const labels = make({ planes: toPlanes(data, dims, axes), channels, height, width })
  const planes = new Float32Array(channels * places)
  for (let channel = 0; channel < channels; channel++) planes.set(labels, channel * places)
  return Int32Array.from(fromPlanes(planes, dims, axes))
}

/** Values scaled to run from 0 to `top` over the whole picture, all channels together; zeros where it is constant. */
export function scaledPlanes({ planes }: SegmentPicture, top: number): Float64Array {
  const [low, high] = extent(planes)
  const factor = high > low ? top / (high - low) : 0
  const scaled = new Float64Array(planes.length)
  for (let i = 0; i < planes.length; i++) scaled[i] = (planes[i]! - low) * factor
  return scaled
}
