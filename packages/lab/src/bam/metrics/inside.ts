/** @file The number a metric is made of: the mean of a map inside the object. */
import { InputError } from '@ascribe/core'
import type { VisualMap } from './visual.js'

/** A pixel belongs to the object where the object covers at least half of it: alpha >= 128 of 255. */
export const insideAlpha = 128

/** Pixels of an alpha mask (0..255) that belong to the object. */
export function insidePixels(mask: ArrayLike<number>): Int32Array {
  const out: number[] = []
  for (let i = 0; i < mask.length; i++) if (mask[i]! >= insideAlpha) out.push(i)
  return Int32Array.from(out)
}

/**
 * g = sum over the object's pixels of the map / number of the object's pixels (paper D, the attribution of a concept). The paper's mask is
 * binary; ours is an alpha mask, made binary by `insideAlpha` in this one place. In [0, 1]; for signed maps in [-1, 1].
 * @param mask [height, width], 0..255
 * @throws InputError where the mask has another size than the map, or no pixel inside
 */
export function attributionInside(map: VisualMap, mask: ArrayLike<number>): number {
  if (mask.length !== map.values.length)
    throw new InputError(`a mask of ${mask.length} pixels does not fit a map of ${map.height} x ${map.width}`)
  const inside = insidePixels(mask)
  if (inside.length === 0)
    throw new InputError(`the mask is empty: no pixel has alpha >= ${insideAlpha}, so there is no region to average`)
  let sum = 0
  for (const i of inside) sum += map.values[i]!
  return sum / inside.length
}
