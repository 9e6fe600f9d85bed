/** @file Fills outlines on a pixel grid with soft edges: four lines per pixel row, exact along each line. */

import type { Outline } from './object.js'

const lines = 4

/** Sorts the first few numbers upwards, by insertion. */
function sort(values: Float64Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const value = values[i]!
    let at = i
    for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!
    values[at] = value
  }
}

/**
 * Share of every pixel of a [height, width] grid inside the outlines (even-odd), 0..1, added to `cover`. Corners are in pixels.
 */
export function fill(outlines: readonly Outline[], cover: Float64Array, width: number, height: number): void {
  const crossings = new Float64Array(256)
  let top = height
  let bottom = 0
  for (const outline of outlines) {
    for (let i = 1; i < outline.length; i += 2) {
      top = Math.min(top, outline[i]!)
      bottom = Math.max(bottom, outline[i]!)
    }
  }
  const end = Math.min(height * lines, Math.ceil(bottom * lines))
  for (let line = Math.max(0, Math.floor(top * lines)); line < end; line++) {
    const y = (line + 0.5) / lines
    let count = 0
    for (const outline of outlines) {
      const last = outline.length
      let x0 = outline[last - 2]!
      let y0 = outline[last - 1]!
      for (let i = 0; i < last; i += 2) {
        const x1 = outline[i]!
        const y1 = outline[i + 1]!
        if (y0 > y !== y1 > y) crossings[count++] = x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)
        x0 = x1
        y0 = y1
      }
    }
    if (count === 0) continue
    sort(crossings, count)
    const start = Math.floor(line / lines) * width
    for (let i = 0; i + 1 < count; i += 2) {
      const from = Math.max(0, crossings[i]!)
      const to = Math.min(width, crossings[i + 1]!)
      if (to <= from) continue
      const first = Math.floor(from)
      const last = Math.min(width - 1, Math.floor(to))
      if (first === last) {
        cover[start + first] = cover[start + first]! + (to - from) / lines
        continue
      }
      cover[start + first] = cover[start + first]! + (first + 1 - from) / lines
      for (let column = first + 1; column < last; column++) cover[start + column] = cover[start + column]! + 1 / lines
      cover[start + last] = cover[start + last]! + (to - last) / lines
    }
  }
}

/** Area inside the outlines where no two cross: the first outline's area less the areas of the others, which are holes in it. */
export function filledArea(outlines: readonly Outline[]): number {
  let total = 0
  for (let k = 0; k < outlines.length; k++) {
    const outline = outlines[k]!
    let twice = 0
    let x0 = outline[outline.length - 2]!
    let y0 = outline[outline.length - 1]!
    for (let i = 0; i < outline.length; i += 2) {
      twice += x0 * outline[i + 1]! - outline[i]! * y0
      x0 = outline[i]!
      y0 = outline[i + 1]!
    }
    total += (k === 0 ? 1 : -1) * Math.abs(twice / 2)
  }
  return total
}
