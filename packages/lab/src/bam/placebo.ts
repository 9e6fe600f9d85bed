/** @file The placebo object: an object's silhouette filled with its own scene's texture, in the object's place. */

import { InputError } from '@ascribe/core'
import type { BamPicture, BamSet, BamSource, Split } from './source.js'

/**
 * The picture without its object, and in the object's silhouette (same mask, same box) another instance's picture of the same scene
 * class. Something is there, but nothing that belongs to an object class beyond its outline. Throws InputError where the picture has
 * no object, or the split's `scene_only` lacks the scene or a second instance of it.
 */
export async function placeboPicture(source: BamSource, set: BamSet, split: Split, index: number): Promise<BamPicture> {
  const { object, scene, instance } = source.entry(set, split, index)
  const { mask, box } = await source.picture(set, split, index)
  const where = `${source.kind} BAM data, ${set}/${split} ${index}`
  if (object === null || mask === null) throw new InputError(`${where} has no object; a placebo needs a silhouette to fill`)
  const own = source.find('scene_only', split, { object: null, scene, instance })
  if (own === undefined) throw new InputError(`${where}: scene_only/${split} lacks its scene; build scene_only first`)
  const count = source.count('scene_only', split)
  let other: number | undefined
  // The nearest later picture of the class, from the start again after the last.
  for (let step = 1; step < count && other === undefined; step++) {
    const candidate = (own + step) % count
    if (source.entry('scene_only', split, candidate).scene === scene) other = candidate
  }
  if (other === undefined) throw new InputError(`${where}: scene_only/${split} has one picture of scene ${scene}; two are needed`)
  const pixels = (await source.picture('scene_only', split, own)).pixels.slice()
  const texture = (await source.picture('scene_only', split, other)).pixels
  for (let i = 0; i < mask.length; i++) {
    const cover = mask[i]!
    if (cover === 0) continue
    for (let channel = 3 * i; channel < 3 * i + 3; channel++) {
      pixels[channel] = Math.round(pixels[channel]! + ((texture[channel]! - pixels[channel]!) * cover) / 255)
    }
  }
  return { pixels, mask, box }
}
