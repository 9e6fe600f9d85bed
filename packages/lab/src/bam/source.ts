/** @file What every BAM data set offers, wherever its pictures come from: generated, rebuilt from photos, or the original files. */

/** scene1..scene10: the dog is in the first k scene classes, the other classes have no object. */
export type BamSet =
  | 'obj'
  | 'scene'
  | 'scene_only'
  | `scene${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | 'dog_bedroom'
  | 'bamboo_forest'
  | 'bamboo_forest_patch'

export type Split = 'train' | 'val'

/** Rows and columns are inclusive at the minimum and exclusive at the maximum. */
export interface Box {
  readonly rowMin: number
  readonly columnMin: number
  readonly rowMax: number
  readonly columnMax: number
}

/**
 * What a picture was made of. Pictures of one instance share their parts: entries that differ only in `object` have the same scene
 * picture and the same place, entries that differ only in `scene` have the same cut-out in the same place.
 */
export interface BamEntry {
  /** Class of the object, null where there is none. */
  readonly object: number | null
  readonly scene: number
  readonly instance: number
}

export interface BamPicture {
  /** [size, size, 3], RGB, 0..255. */
  readonly pixels: Uint8Array
  /** [size, size], how much of each pixel is the object, 0..255; null where there is no object. */
  readonly mask: Uint8Array | null
  readonly box: Box | null
}

export interface BamSource {
  /** 'generated', 'natural' or 'original'. */
  readonly kind: string
  /** Pixels along each side. */
  readonly size: number
  readonly objects: readonly string[]
  readonly scenes: readonly string[]
  /** Which classes play the parts of the sets called dog_bedroom and bamboo_forest. */
  readonly roles: { readonly dog: number; readonly bedroom: number; readonly bambooForest: number }
  /** SHA-256 of everything that decides the pictures. */
  readonly digest: string
  /** Pictures in a split of a set; 0 where the source does not have it. */
  count(set: BamSet, split: Split): number
  entry(set: BamSet, split: Split, index: number): BamEntry
  picture(set: BamSet, split: Split, index: number): BamPicture | Promise<BamPicture>
  /** Index of an entry, undefined where the split does not have it: how a picture's swapped partners are found. */
  find(set: BamSet, split: Split, entry: BamEntry): number | undefined
}

/** Sets whose label is the object's class; the others are labelled by scene. */
export const labelOf = (set: BamSet, entry: BamEntry): number => (set === 'obj' ? entry.object! : entry.scene)
