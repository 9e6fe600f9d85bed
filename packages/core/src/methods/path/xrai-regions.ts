/** @file Overlapping regions of a picture, and a map made of the best ones, one after another. */
import { resizeMap } from '../../io/resample.js'
import { felzenszwalbRegions } from '../../segments/felzenszwalb.js'
import type { SegmentPicture } from '../../segments/place.js'

/** Places (row-major) of one region. */
export type Region = Int32Array

export interface RegionSettings {
  readonly scales: readonly number[]
  readonly sigma: number
  /** Fewest places of a segment before dilation. */
  readonly least: number
  readonly dilation: number
  /** Side of the square that is segmented; 0: the picture as it is. */
  readonly size: number
}

/** Colours run over a range of two, [-1, 1], where the scales were chosen. */
const colourRange = 2

/** The regions of equal labels. */
export function regionsOf(labels: ArrayLike<number>): Region[] {
  const places = new Map<number, number[]>()
  for (let i = 0; i < labels.length; i++) {
    const found = places.get(labels[i]!)
    if (found) found.push(i)
    else if (labels[i]! >= 0) places.set(labels[i]!, [i])
  }
  return [...places.values()].map(list => Int32Array.from(list))
}

/** A region with every place within `radius` of it. */
export function dilated(region: Region, height: number, width: number, radius: number): Region {
  if (radius <= 0) return region
  const mask = new Uint8Array(height * width)
  const reach = Math.floor(radius)
  const half = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.floor(Math.sqrt(radius ** 2 - (i - reach) ** 2)))
  for (const place of region) {
    const [y, x] = [Math.floor(place / width), place % width]
    for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
      const side = half[row - y + reach]!
      mask.fill(1, row * width + Math.max(0, x - side), row * width + Math.min(width, x + side + 1))
    }
  }
  const places: number[] = []
  mask.forEach((inside, place) => {
    if (inside) places.push(place)
  })
  return Int32Array.from(places)
}

/** Felzenszwalb's segments at every scale, dilated. */
export function pyramidRegions(picture: SegmentPicture, settings: RegionSettings): Region[] {
  const { scales, sigma, least, dilation, size } = settings
  const { channels, height, width, planes } = picture
  const places = height * width
  const worked = { height: size || height, width: size || width }
  const resized =
    size === 0
      ? picture
      : {
          channels,
          ...worked,
          planes: Float32Array.from(
            Array.from({ length: channels }, (_, c) =>
              Array.from(resizeMap(planes.subarray(c * places, (c + 1) * places), picture, worked, 'bicubic')),
            ).flat(),
          ),
        }
  return scales.flatMap(scale => {
    const labels = felzenszwalbRegions(resized, scale, sigma, least, colourRange)
    const whole = size === 0 ? labels : resizeMap(labels, worked, picture, 'nearest')
    return regionsOf(whole).map(region => dilated(region, height, width, dilation))
  })
}

const meanOver = (values: ArrayLike<number>, places: readonly number[]): number =>
  places.reduce((sum, place) => sum + values[place]!, 0) / places.length

type Order = (
  regions: readonly Region[],
  values: ArrayLike<number>,
  least: number,
  take: (index: number) => readonly number[],
) => void

/** In which order regions are taken; `take` gives what a region adds. A region that adds fewer than `least` places is passed over. */
export const xraiOrders: Readonly<Record<string, Order>> = {
  /** Always the one whose own, not yet taken places have the highest mean. */
  full: (regions, values, least, take) => {
    const count = regions.map(region => region.length)
    const sum = regions.map(region => region.reduce((total, place) => total + values[place]!, 0))
    const holding = Array.from(values, (): number[] => [])
    regions.forEach((region, index) => {
      for (const place of region) holding[place]!.push(index)
    })
    const open = new Set(regions.keys())
    for (;;) {
      let [best, gain] = [-1, Number.NEGATIVE_INFINITY]
      for (const index of open) {
        if (count[index]! < Math.max(1, least)) open.delete(index)
        else if (sum[index]! / count[index]! > gain) [best, gain] = [index, sum[index]! / count[index]!]
      }
      if (best < 0) return
      open.delete(best)
      for (const place of take(best))
        for (const index of holding[place]!) {
          count[index]!--
          sum[index]! -= values[place]!
        }
    }
  },
  /** By the mean of each whole region. */
  fast: (regions, values, least, take) => {
    const means = regions.map(region => meanOver(values, Array.from(region)))
    const covered = new Uint8Array(values.length)
    const order = [...regions.keys()].sort((a, b) => means[b]! - means[a]! || a - b)
    for (const index of order) {
      const adds = regions[index]!.reduce((total, place) => total + 1 - covered[place]!, 0)
      if (adds < Math.max(1, least)) continue
      for (const place of take(index)) covered[place] = 1
    }
  },
}

/**
 * Every place gets the mean of `values` over what its region added when it was taken; places in no region that was taken get their
 * own mean. Ranks count from 0 by that mean; untaken places come last.
 */
export function xraiMap(
  values: ArrayLike<number>,
  regions: readonly Region[],
  order: string,
  least: number,
): { readonly map: Float64Array; readonly ranks: Int32Array } {
  const taken = new Uint8Array(values.length)
  const parts: { places: readonly number[]; mean: number }[] = []
  xraiOrders[order]!(regions, values, least, index => {
    const places = Array.from(regions[index]!).filter(place => !taken[place])
    for (const place of places) taken[place] = 1
    parts.push({ places, mean: meanOver(values, places) })
    return places
  })
  parts.sort((a, b) => b.mean - a.mean)
  const rest = Array.from(taken.keys()).filter(place => !taken[place])
  if (rest.length > 0) parts.push({ places: rest, mean: meanOver(values, rest) })
  const map = new Float64Array(values.length)
  const ranks = new Int32Array(values.length)
  parts.forEach(({ places, mean }, rank) => {
    for (const place of places) [map[place], ranks[place]] = [mean, rank]
  })
  return { map, ranks }
}
