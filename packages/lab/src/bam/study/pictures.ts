/** @file Pictures of a study by form: those of the data set, and those made from it. */
import { fitPicture, InputError, type Preprocessing, pictureToTensor, type TensorValue } from '@ascribe/core'
import type { PictureForm } from '../metrics/index.js'
import { placeboPicture } from '../placebo.js'
import type { BamPicture, BamSet, BamSource } from '../source.js'

/** The picture of a form that stands at `index` of the metric's first set. */
export type PictureOf = (form: PictureForm, index: number) => Promise<BamPicture>

/** What the patch stage made, by index of the clean picture. */
export interface PatchedPictures {
  readonly patched: ReadonlyMap<number, BamPicture>
  readonly functional: ReadonlyMap<number, BamPicture>
}

export function picturesOf(source: BamSource, made: PatchedPictures): PictureOf {
  const from = (pictures: ReadonlyMap<number, BamPicture>, index: number): BamPicture => {
    const found = pictures.get(index)
    if (!found) throw new InputError(`no patch was made for picture ${index} of bamboo_forest`)
    return found
  }
  const makers: Partial<Record<PictureForm, (index: number) => BamPicture | Promise<BamPicture>>> = {
    placebo: index => placeboPicture(source, 'obj', 'val', index),
    bamboo_forest_patch: index => from(made.patched, index),
    functional_patch: index => from(made.functional, index),
  }
  return async (form, index) => makers[form]?.(index) ?? source.picture(form as BamSet, 'val', index)
}

/** A picture as a model reads it. */
export function modelRow(pixels: Uint8Array, size: number, preprocessing: Preprocessing): TensorValue {
  const picture = { width: size, height: size, channels: 3 as const, data: Uint8ClampedArray.from(pixels) }
  return pictureToTensor(fitPicture(picture, preprocessing), preprocessing)
}

/** Keeps the last `limit` pictures read; several models and methods look at the same ones in turn. */
export function remembering(source: BamSource, limit = 4096): BamSource {
  const kept = new Map<string, BamPicture | Promise<BamPicture>>()
  return {
    kind: source.kind,
    size: source.size,
    objects: source.objects,
    scenes: source.scenes,
    roles: source.roles,
    digest: source.digest,
    count: (set, split) => source.count(set, split),
    entry: (set, split, index) => source.entry(set, split, index),
    find: (set, split, entry) => source.find(set, split, entry),
    picture(set, split, index) {
      // The sets obj and scene hold the same pictures.
      const key = `${set === 'scene' ? 'obj' : set}/${split}/${index}`
      const known = kept.get(key)
      if (known) return known
      const made = source.picture(set, split, index)
      kept.set(key, made)
      if (kept.size > limit) kept.delete(kept.keys().next().value!)
      return made
    },
  }
}
