/** @file Polygons to masks. */
import { InputError } from '@ascribe/core'

/**
 * [height, width] of 0 and 1: a pixel is in where its centre lies in any of the polygons (even-odd within one polygon; a centre on an
 * edge belongs to the right or lower side). COCO's own tool traces the outline on a finer grid; the two differ along the outline, by
 * 0.1 to 0.3% of the pixels of an object of 30,000.
 *
 * @param polygons each x0, y0, x1, y1, ... in pixels, corner of the picture at 0
 * @throws InputError where one has an odd number of coordinates or fewer than three corners
 */
export function polygonsToMask(polygons: readonly (readonly number[])[], height: number, width: number): Uint8Array {
  const mask = new Uint8Array(height * width)
  for (const polygon of polygons) {
    if (polygon.length < 6 || polygon.length % 2 !== 0 || !polygon.every(Number.isFinite))
      throw new InputError(`a polygon of ${polygon.length} coordinates is not at least three x, y pairs`)
    fill(polygon, mask, height, width)
  }
  return mask
}

function fill(polygon: readonly number[], mask: Uint8Array, height: number, width: number): void {
  const corners = polygon.length / 2
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let k = 0; k < corners; k++) {
    lowest = Math.min(lowest, polygon[2 * k + 1]!)
    highest = Math.max(highest, polygon[2 * k + 1]!)
  }
  for (let row = Math.max(0, Math.floor(lowest - 0.5)); row < Math.min(height, Math.ceil(highest)); row++) {
    const y = row + 0.5
    const crossings: number[] = []
    for (let k = 0; k < corners; k++) {
      const [x0, y0] = [polygon[2 * k]!, polygon[2 * k + 1]!]
      const next = (k + 1) % corners
      const [x1, y1] = [polygon[2 * next]!, polygon[2 * next + 1]!]
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
    }
    crossings.sort((a, b) => a - b)
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil(crossings[k]! - 0.5))
      const to = Math.min(width, Math.ceil(crossings[k + 1]! - 0.5))
      if (from < to) mask.fill(1, row * width + from, row * width + to)
    }
  }
}
