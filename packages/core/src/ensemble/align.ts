/** @file Maps of one input brought to the same places: channels reduced, sizes made equal. */
import type { AttributionMap } from '../attribution.js'
import { UsageError } from '../errors.js'
import type { Layout } from '../io/preprocessing.js'
import type { Size } from '../io/resample.js'
import { planeOf, resizedPlane } from '../metrics/places.js'
import { pictureAxes } from '../picture.js'

/** How channels become one value per place: added up with their signs, or their absolute values added up. */
export const channelReductions = ['signed', 'absolute'] as const
export type ChannelReduction = (typeof channelReductions)[number]

export interface AlignOptions {
  /** The picture's size. Default: the largest height and width among the maps. */
  readonly size?: Size
  /** Default `signed`. */
  readonly channels?: ChannelReduction
  /** Layout of maps with four dimensions; default by their dims. */
  readonly layout?: Layout
}

/** One plane of a picture for every map, and the planes' size. */
export interface AlignedMaps extends Size {
  readonly members: readonly Float64Array[]
}

/**
 * Maps of a picture as planes of one size, in the order given: [1, C, H, W], [1, H, W, C], [1, h, w] (as of CAMs) and [H, W]; smaller and
 * larger ones resized bilinearly between pixel centres.
 * @throws UsageError for maps of other dimensions
 */
export function alignMaps(maps: readonly AttributionMap[], options: AlignOptions = {}): AlignedMaps {
  const { channels = 'signed', layout } = options
  const planes = maps.map(({ values, dims }) => {
    const plane = planeOf({ values: channels === 'absolute' ? values.map(Math.abs) : values, dims }, layoutOf(dims, layout))
    if (!plane)
      throw new UsageError(`a map of dims [${dims}] is no picture; maps of unlike sizes can only be combined on pictures`)
    return plane
  })
  const width = options.size?.width ?? Math.max(...planes.map(plane => plane.width))
  const height = options.size?.height ?? Math.max(...planes.map(plane => plane.height))
  return { width, height, members: planes.map(plane => resizedPlane(plane, { width, height }).values) }
}

/** The declared layout where it can hold: maps inside the model are [1, C, h, w] whatever the input is. */
const layoutOf = (dims: readonly number[], layout: Layout | undefined): Layout | undefined =>
  pictureAxes(dims) ? (layout ?? pictureAxes(dims)!.layout) : undefined
