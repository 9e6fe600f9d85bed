/** @file Mosaics: pictures of several classes side by side, so that the evidence for one class can lie in its own cells only. */
import { UsageError } from '../../errors.js'
import type { Pixels } from '../../io/pixels.js'
import { toRgb } from '../../io/pixels.js'
import { resize } from '../../io/resample.js'
import type { TensorValue } from '../../tensor-value.js'

export interface Mosaic {
  readonly picture: Pixels
  /** The mask [height, width] of some cells, counted row by row from 0. */
  readonly mask: (cells: readonly number[]) => TensorValue<'uint8'>
}

/**
 * side x side pictures in one of height x width: cell (r, c) has rows floor(r height / side) to floor((r + 1) height / side), and its
 * picture resized bilinearly to exactly that.
 * @throws UsageError for another number of pictures
 */
export function mosaic(pictures: readonly Pixels[], side: number, height: number, width: number): Mosaic {
  if (pictures.length !== side * side)
    throw new UsageError(`a mosaic of ${side} x ${side} takes ${side * side} pictures, not ${pictures.length}`)
  const data = new Uint8Array(height * width * 3)
  const edge = (length: number, k: number): number => Math.floor((k * length) / side)
  const cell = (k: number) => {
    const [row, column] = [Math.floor(k / side), k % side]
    const [top, left] = [edge(height, row), edge(width, column)]
    return { top, left, height: edge(height, row + 1) - top, width: edge(width, column + 1) - left }
  }
  pictures.forEach((picture, k) => {
    const at = cell(k)
    const small = resize(toRgb(picture), at.height, at.width, 'bilinear')
    for (let y = 0; y < at.height; y++)
      data.set(small.data.subarray(y * at.width * 3, (y + 1) * at.width * 3) as Uint8Array, ((at.top + y) * width + at.left) * 3)
  })
  return {
    picture: { width, height, channels: 3, data },
    mask: cells => {
      const inside = new Uint8Array(height * width)
      for (const k of cells) {
        const at = cell(k)
        for (let y = 0; y < at.height; y++)
          inside.fill(1, (at.top + y) * width + at.left, (at.top + y) * width + at.left + at.width)
      }
      return { dtype: 'uint8', dims: [height, width], data: inside }
    },
  }
}
