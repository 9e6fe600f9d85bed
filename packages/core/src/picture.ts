/** @file Which axes of a tensor are channels, height and width. */
import type { Layout } from './io/preprocessing.js'

/** Axes of a picture tensor [1, C, H, W] or [1, H, W, C]. */
export interface PictureAxes {
  readonly layout: Layout
  readonly channel: number
  readonly height: number
  readonly width: number
}

/** Most channels that a last axis may have for its tensor to be taken for [1, H, W, C]. */
const mostChannels = 4

/**
 * The axes of a tensor with four dimensions, undefined for others. Without a declared layout, a last axis of at most 4 after a
 * second axis of more means [1, H, W, C], anything else [1, C, H, W].
 */
export function pictureAxes(dims: readonly number[], declared?: Layout): PictureAxes | undefined {
  if (dims.length !== 4) return undefined
  const guessed = dims[1]! > mostChannels && dims[3]! <= mostChannels ? 'NHWC' : 'NCHW'
  return (declared ?? guessed) === 'NHWC'
    ? { layout: 'NHWC', channel: 3, height: 1, width: 2 }
    : { layout: 'NCHW', channel: 1, height: 2, width: 3 }
}

/** Flat index of channel 0, place 0; and the steps from channel to channel and from place to place (row-major over H, W). */
export function pictureStrides(dims: readonly number[], axes: PictureAxes) {
  const [channels, height, width] = [dims[axes.channel]!, dims[axes.height]!, dims[axes.width]!]
  const places = height * width
  const last = axes.layout === 'NHWC'
  return { channels, height, width, places, channelStep: last ? 1 : places, placeStep: last ? channels : 1 }
}

/** Values as planes, channel after channel, whatever the layout. */
export function toPlanes(values: ArrayLike<number>, dims: readonly number[], axes: PictureAxes): Float32Array {
  const { channels, places, channelStep, placeStep } = pictureStrides(dims, axes)
  const out = new Float32Array(channels * places)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < places; i++) out[c * places + i] = values[c * channelStep + i * placeStep]!
  return out
}

/** The inverse of `toPlanes`. */
export function fromPlanes(planes: ArrayLike<number>, dims: readonly number[], axes: PictureAxes): Float32Array {
  const { channels, places, channelStep, placeStep } = pictureStrides(dims, axes)
  const out = new Float32Array(channels * places)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < places; i++) out[c * channelStep + i * placeStep] = planes[c * places + i]!
  return out
}
