/** @file Puts a cut-out onto a scene picture. */
import { type Pixels, Random, resize } from '@ascribe/core'
import type { BamPicture, Box } from '../source.js'

/** Where and how large the cut-out of one instance goes, the same for every object and every scene. */
export interface Placement {
  /** Length of the longer side in pixels. */
  readonly side: number
  /** In [0, 1): how far down and to the right within the room there is. */
  readonly down: number
  readonly right: number
}

/**
 * The longer side is a whole number drawn uniformly from [size / sqrt 3, size / sqrt 2), both rounded down (papers.md D.2); the place is uniform among those
 * where the object fits. The paper draws anew for every pair; here a pair's parts can be swapped with everything else unchanged.
 */
export function placementOf(seed: number, instance: number, size: number): Placement {
  const random = new Random(seed, instance)
  const [least, limit] = [Math.max(1, Math.floor(size / Math.sqrt(3))), Math.floor(size / Math.SQRT2)]
  return { side: least + random.integer(Math.max(1, limit - least)), down: random.uniform(), right: random.uniform() }
}

/** A cut-out at its full size: RGBA, alpha 0 or 255, all four 0 outside the object. */
export function cutOut(picture: Pixels, mask: Uint8Array, box: Box): Pixels {
  const [width, height] = [box.columnMax - box.columnMin, box.rowMax - box.rowMin]
  const data = new Uint8Array(width * height * 4)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row + box.rowMin) * picture.width + column + box.columnMin
      if (!mask[from]) continue
      const to = (row * width + column) * 4
      for (let c = 0; c < 3; c++) data[to + c] = picture.data[from * 3 + c]!
      data[to + 3] = 255
    }
  }
  return { width, height, channels: 4, data }
}

/**
 * The cut-out with its longer side at the placement's length, the other rounded down (bilinear, antialiased). Colours are resized times
 * alpha, so that nothing from outside the object bleeds in.
 */
export function scaleCutOut(cut: Pixels, { side }: Placement): Pixels {
  const other = (shorter: number, longer: number) => Math.max(1, Math.floor((side * shorter) / longer))
  const wide = cut.width > cut.height
  return resize(cut, wide ? other(cut.height, cut.width) : side, wide ? side : other(cut.width, cut.height), 'bilinear')
}

/** out = cut-out (colour times alpha) + scene · (255 - alpha) / 255, rounded; the mask is alpha. */
export function paste(scene: Uint8Array, cut: Pixels, { down, right }: Placement, size: number): BamPicture {
  const rowMin = Math.floor(down * (size - cut.height + 1))
  const columnMin = Math.floor(right * (size - cut.width + 1))
  const pixels = Uint8Array.from(scene)
  const mask = new Uint8Array(size * size)
  for (let row = 0; row < cut.height; row++) {
    for (let column = 0; column < cut.width; column++) {
      const from = (row * cut.width + column) * 4
      const at = (row + rowMin) * size + column + columnMin
      const alpha = cut.data[from + 3]!
      mask[at] = alpha
      for (let c = 0; c < 3; c++) {
        const value = cut.data[from + c]! + Math.round((scene[at * 3 + c]! * (255 - alpha)) / 255)
        pixels[at * 3 + c] = Math.min(255, value)
      }
    }
  }
  return { pixels, mask, box: { rowMin, columnMin, rowMax: rowMin + cut.height, columnMax: columnMin + cut.width } }
}
