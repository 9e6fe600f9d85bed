/** @file The functional counterpart of a patch: same place, same strength, but the model's output changes as much as it can. */
import { addPlanes, maskedRms } from './pixels.js'

const halvings = 40

/**
 * The factor s at which the picture plus s * planes, limited and rounded to 0..255, has the wanted root mean square inside the mask:
 * by halving an interval, and of its two ends the nearer one. The strength grows with s until every pixel is at a limit.
 */
export function scaleToRms(picture: Uint8Array, planes: ArrayLike<number>, mask: Uint8Array, rms: number): number {
  const at = (scale: number): number => maskedRms(picture, addPlanes(picture, planes, scale), mask)
  let [low, high] = [0, 1]
  while (at(high) < rms && high < 2 ** 20) [low, high] = [high, high * 2]
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2
    if (at(middle) < rms) low = middle
    else high = middle
  }
  return Math.abs(at(high) - rms) <= Math.abs(at(low) - rms) ? high : low
}

/**
 * One step of projected gradient ascent: the patch plus its gradient scaled to `share` of the patch's own norm, then scaled so that
 * the rounded picture has the wanted strength; the result is the difference of the rounded picture, or of the unchanged patch where
 * the gradient is zero.
 */
export function ascend(
  picture: Uint8Array,
  delta: Float32Array,
  gradient: Float32Array,
  mask: Uint8Array,
  rms: number,
  share: number,
): Uint8Array {
  const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  const area = mask.length
  const inside = gradient.map((value, i) => (mask[i % area] ? value : 0))
  const length = norm(inside)
  const factor = length === 0 ? 0 : (share * norm(delta)) / length
  const moved = Float32Array.from(delta, (value, i) => value + factor * inside[i]!)
  return addPlanes(picture, moved, scaleToRms(picture, moved, mask, rms))
}
