/** @file Reads BAM as its authors' program makes it. */
import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InputError, resize, UsageError } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import { type EntryList, type EntryLists, ListedSource } from '../layout/listed-source.js'
import { readSquarePicture } from '../layout/png.js'
import { splits } from '../layout/sets.js'
import type { BamPicture, BamSet, Box, Split } from '../source.js'
import { type OriginalSet, objects, originalSets, roles, scenes, size, withoutObjects } from './classes.js'
import { type Listing, listTrain, listVal } from './listing.js'
import { type CropMask, readMasks } from './masks.js'

/** Validation masks of an object. */
const perObject = 100

/** Why a set of the paper is not here. */
const absent = (set: BamSet): string =>
  set === 'bamboo_forest_patch'
    ? 'the original patches are 224 x 224 pictures made for one TensorFlow model, without boxes or masks; make patches for your model'
    : 'only models of it were published, and nothing says which scene classes have the dog; rebuild the data from photos'

/** What is known to be wrong with the original pictures; nothing here mends them. */
const originalDefects: readonly string[] = [
  'most objects called stop_sign are other things: the category was looked up under a name that COCO does not have',
  'black pixels of an object are transparent in the picture, while its mask still counts them',
  'the place of an object differs between pictures that differ only in object or scene',
  'train pictures have no masks',
]

/**
 * Original BAM data. Pictures have no masks in the train split (`mask` is null there, the box is known). scene_only holds every scene
 * picture ten times, once per object name; one of them is given. `find` returns partners that share object or scene picture, but not
 * the place, which was drawn anew for every pair.
 */
export class OriginalSource extends ListedSource {
  readonly defects = originalDefects

  constructor(
    digest: string,
    lists: EntryLists,
    private readonly listings: ReadonlyMap<string, Listing>,
    private readonly masks: ReadonlyMap<BamSet, readonly CropMask[]>,
  ) {
    super({ kind: 'original', size, objects, scenes, roles, digest }, lists)
  }

  /**
   * The mask is the crop's, resized to the box with bilinear weights and rounded to 0 or 1, as the paper's program does; times 255.
   *
   * @throws InputError naming the file where it is damaged, of another size or gone
   */
  async picture(set: BamSet, split: Split, index: number): Promise<BamPicture> {
    const { object, instance } = this.entry(set, split, index)
    const listing = this.listings.get(`${set}/${split}`)!
    const file = listing.files[index]!
    const pixels = await readSquarePicture(file, size)
    if (object === null) return { pixels, mask: null, box: null }
    const box = listing.boxes.get(basename(file))!
    if (split === 'train') return { pixels, mask: null, box }
    const masks = this.masks.get(set)!
    const crop = masks[(masks.length === perObject ? 0 : perObject * object) + (instance % perObject)]!
    return { pixels, mask: maskInPicture(crop, box), box }
  }
}

function maskInPicture(crop: CropMask, box: Box): Uint8Array {
  const [height, width] = [box.rowMax - box.rowMin, box.columnMax - box.columnMin]
  const { data } = resize({ ...crop, channels: 1 }, height, width, 'bilinear')
  const mask = new Uint8Array(size * size)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      mask[(box.rowMin + row) * size + box.columnMin + column] = data[row * width + column]! * 255
  return mask
}

/**
 * Opens the `data` folder that the BAM repository's construct_bim_dataset.py leaves:
 *
 *     SET/train/CLASS/OBJECT-SCENE-0000.jpg   SET/val/OBJECT-SCENE-0900.jpg   for obj, scene, scene_only; val only for the other two
 *     SET/val.txt       picture and class index, one per line
 *     SET/val_loc.txt   picture and box: first row, first column, row and column after the last; SET/loc.txt both splits
 *     SET/val_mask      NumPy file without ending: masks of the crops before scaling, number 100·object + last two digits of the picture
 *                       (100 masks of dogs in dog_bedroom and bamboo_forest)
 *
 * scene1 to scene10 and bamboo_forest_patch do not exist as data in this form (count 0).
 *
 * @throws UsageError where a set is asked for that the original data cannot have
 * @throws InputError where a set, picture, line or mask is missing, damaged or of another class
 */
export async function readOriginalBam(
  folder: string,
  options: { readonly sets?: readonly BamSet[] } = {},
): Promise<OriginalSource> {
  const names = await readdir(folder).catch(cause => {
    throw new InputError(`${folder}: there is no such folder`, { cause })
  })
  const isOriginal = (set: BamSet): set is OriginalSet => originalSets.includes(set as OriginalSet)
  for (const set of options.sets ?? []) {
    if (!isOriginal(set)) throw new UsageError(`the original data has no set ${set}: ${absent(set)}`)
    if (!names.includes(set)) throw new InputError(`${folder}: the set ${set} is missing`)
  }
  const present = originalSets.filter(set => names.includes(set))
  if (present.length === 0)
    throw new InputError(`${folder}: has none of ${originalSets.join(', ')}; name the 'data' folder of the original BAM`)
  const hash = createHash('sha256').update('original 1\n')
  const lists = new Map<BamSet, Partial<Record<Split, EntryList>>>()
  const listings = new Map<string, Listing>()
  const masks = new Map<BamSet, readonly CropMask[]>()
  for (const set of present) {
    const bySplit: Partial<Record<Split, EntryList>> = {}
    for (const split of splits) {
      const listing = split === 'val' ? await listVal(folder, set) : await listTrain(folder, set)
      if (!listing) continue
      bySplit[split] = listing.list
      listings.set(`${set}/${split}`, listing)
      for (const file of listing.files) hash.update(`${set} ${split} ${basename(file)} ${await lengthOf(file)}\n`)
      hash.update(JSON.stringify([...listing.boxes]))
    }
    lists.set(set, bySplit)
    if (withoutObjects.has(set)) continue
    const path = join(folder, set, 'val_mask')
    const bytes = await readBytes(path)
    hash.update(bytes)
    masks.set(set, checkedMasks(readMasks(bytes, path), set, path))
  }
  return new OriginalSource(hash.digest('hex'), lists, listings, masks)
}

async function lengthOf(file: string): Promise<number> {
  return (
    await stat(file).catch(cause => {
      throw new InputError(`${file}: there is no such file`, { cause })
    })
  ).size
}

/** The program drops pictures that it cannot read, and with them masks; the rule that finds a picture's mask then finds another's. */
function checkedMasks(masks: CropMask[], set: BamSet, path: string): CropMask[] {
  const wanted = set === 'dog_bedroom' ? perObject : perObject * objects.length
  if (masks.length !== wanted)
    throw new InputError(
      `${path}: holds ${masks.length} masks instead of ${wanted}, so that it is not known which is whose; build the data again`,
    )
  return masks
}
