/** @file BAM from photos: COCO objects pasted onto Places scenes, composed when asked for. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AbortedError, InputError, type Pixels, UsageError } from '@ascribe/core'
import { cocoPaths } from '../../data/coco/folder.js'
import { type CocoObject, largestInstances } from '../../data/coco/instances.js'
import { squarePicture } from '../../data/folder/pictures.js'
import { placesPictures } from '../../data/places/folder.js'
import { type EntryLists, ListedSource, type SourceHeader } from '../layout/listed-source.js'
import { paperSets } from '../layout/sets.js'
import type { BamPicture, BamSet, Split } from '../source.js'
import { ByteCache } from './byte-cache.js'
import { paste, placementOf, scaleCutOut } from './compose.js'
import { isUsable, readCutOut } from './objects.js'

/** The paper's objects, as COCO spells them. */
export const naturalObjects: readonly string[] = [
  'backpack',
  'bird',
  'dog',
  'elephant',
  'kite',
  'pizza',
  'stop sign',
  'toilet',
  'truck',
  'zebra',
]

/** The paper's scenes, as Places spells them. */
export const naturalScenes: readonly string[] = [
  'bamboo_forest',
  'bedroom',
  'bowling_alley',
  'bus_interior',
  'cockpit',
  'corn_field',
  'laundromat',
  'runway',
  'ski_slope',
  'track/outdoor',
]

export interface NaturalOptions {
  /** Folder with COCO's pictures and instances file (train2017). */
  readonly coco: string
  /** Folder of MiniPlaces or Places365. */
  readonly places: string
  /** Pixels along each side; default 128. */
  readonly size?: number
  /** Pictures used of every object and every scene, at least 10; the last tenth is for validation. Default 1000. */
  readonly count?: number
  /** Places the objects; default 0. */
  readonly seed?: number
  /** Decode every picture first and pass over damaged ones, counted in `skipped`; else a damaged one is an error when it is needed. */
  readonly skipCorrupt?: boolean
  /** Bytes of decoded parts kept; default 256 MiB. */
  readonly memory?: number
  /** Default `naturalObjects`; must have 'dog'. */
  readonly objects?: readonly string[]
  /** Default `naturalScenes`; must have 'bedroom' and 'bamboo_forest'. */
  readonly scenes?: readonly string[]
  readonly signal?: AbortSignal
}

interface ObjectFile {
  readonly path: string
  readonly object: CocoObject
}

interface Parts {
  /** Per object class, per instance. */
  readonly objects: readonly (readonly ObjectFile[])[]
  /** Per scene class, per instance. */
  readonly scenes: readonly (readonly string[])[]
}

/** Counts the changes that alter pictures. */
const recipeVersion = 1

/**
 * The paper's data set rebuilt (papers.md D.2), its known defects mended: 'stop sign' is found, masks are kept instead of taking black
 * for transparent, obj and scene come from one composite, and places follow from the seed.
 */
export class NaturalSource extends ListedSource {
  readonly #cuts: ByteCache<Pixels>
  readonly #scenes: ByteCache<Uint8Array>

  constructor(
    header: SourceHeader,
    lists: EntryLists,
    private readonly parts: Parts,
    readonly seed: number,
    memory: number,
    /** Damaged pictures passed over, by class. */
    readonly skipped: Readonly<Record<string, number>>,
  ) {
    super(header, lists)
    this.#cuts = new ByteCache(memory / 2, cut => cut.data.length)
    this.#scenes = new ByteCache(memory / 2, pixels => pixels.length)
  }

  /** @throws InputError naming the file where a part is damaged or gone */
  async picture(set: BamSet, split: Split, index: number): Promise<BamPicture> {
    const { object, scene, instance } = this.entry(set, split, index)
    const path = this.parts.scenes[scene]![instance]!
    const background = this.#scenes.get(`${scene}/${instance}`, () => squarePicture(path, this.size))
    if (object === null) return { pixels: Uint8Array.from(await background), mask: null, box: null }
    const placement = placementOf(this.seed, instance, this.size)
    const cut = this.#cuts.get(`${object}/${instance}`, async () => {
      const file = this.parts.objects[object]![instance]!
      return scaleCutOut(await readCutOut(file.path, file.object), placement)
    })
    const [below, above] = await Promise.all([background, cut])
    return paste(below, above, placement, this.size)
  }
}

/**
 * Finds the parts: per object category the first `count` usable pictures by file name, each with its largest annotation; per scene the
 * first `count` pictures by file name. Object i goes onto scene picture i, for every pair of classes.
 *
 * @throws UsageError where an option cannot be meant
 * @throws InputError where a folder, category or scene is missing, the JSON is not COCO's, or there are too few pictures
 */
export async function openNatural(options: NaturalOptions): Promise<NaturalSource> {
  const { objects = naturalObjects, scenes = naturalScenes, size = 128, count = 1000, seed = 0, memory = 256 * 2 ** 20 } = options
  if (!Number.isSafeInteger(count) || count < 10)
    throw new UsageError(`count is ${count}; at least 10 pictures of each class are needed`)
  if (!Number.isSafeInteger(size) || size < 4 || size > 1024) throw new UsageError(`size is ${size}; it goes from 4 to 1024`)
  const roles = {
    dog: roleOf(objects, 'dog', 'objects'),
    bedroom: roleOf(scenes, 'bedroom', 'scenes'),
    bambooForest: roleOf(scenes, 'bamboo_forest', 'scenes'),
  }
  const skipped: Record<string, number> = {}
  const firstUsable = async <T>(name: string, place: string, candidates: readonly T[], check: (each: T) => Promise<boolean>) => {
    const usable: T[] = []
    for (const candidate of candidates) {
      if (usable.length === count) break
      if (options.signal?.aborted) throw new AbortedError('interrupted')
      if (await check(candidate)) usable.push(candidate)
    }
    if (usable.length < count) {
      const damaged = skipped[name] ? ` (${skipped[name]} damaged ones passed over)` : ''
      throw new InputError(
        `${place}: has ${usable.length} usable pictures of '${name}'${damaged}, ${count} are needed; set count lower or add some`,
      )
    }
    return usable
  }
  const isSound = async (name: string, decode: () => Promise<unknown>): Promise<boolean> => {
    if (!options.skipCorrupt) return true
    try {
      await decode()
      return true
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause
      skipped[name] = (skipped[name] ?? 0) + 1
      return false
    }
  }
  const sceneFiles: string[][] = []
  for (const name of scenes) {
    const files = await placesPictures(options.places, name)
    sceneFiles.push(await firstUsable(name, options.places, files, file => isSound(name, () => squarePicture(file, size))))
  }
  const { instances, pictures } = await cocoPaths(options.coco)
  const annotated = await largestInstances(instances, objects, options.signal)
  const objectFiles: ObjectFile[][] = []
  for (const name of objects) {
    const files = annotated.get(name)!.map(object => ({ path: join(pictures, object.file), object }))
    objectFiles.push(
      await firstUsable(
        name,
        options.coco,
        files,
        async ({ path, object }) => (await isSound(name, () => readCutOut(path, object))) && isUsable(object),
      ),
    )
  }
  const parts = { objects: objectFiles, scenes: sceneFiles }
  const digest = await digestOf({ size, count, seed, objects, scenes }, parts)
  const header = { kind: 'natural', size, objects, scenes, roles, digest }
  const firstVal = Math.floor(count * 0.9)
  const lists = paperSets(header, { train: [0, firstVal], val: [firstVal, count] })
  return new NaturalSource(header, lists, parts, seed, memory, skipped)
}

function roleOf(names: readonly string[], name: string, option: string): number {
  const at = names.indexOf(name)
  if (at < 0) throw new UsageError(`'${name}' is not among the ${option}; dog_bedroom and bamboo_forest are made with it`)
  return at
}

/** Names and sizes of the files stand for their content: hashing gigabytes of photos would take longer than composing them. */
async function digestOf(recipe: object, parts: Parts): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ kind: 'natural', recipeVersion, ...recipe }))
  const file = async (path: string): Promise<string> => {
    const found = await stat(path).catch(cause => {
      throw new InputError(`${path}: there is no such file`, { cause })
    })
    return `${path.split(/[\\/]/).at(-1)} ${found.size}`
  }
  for (const { path, object } of parts.objects.flat()) hash.update(`${await file(path)} ${JSON.stringify(object)}\n`)
  for (const path of parts.scenes.flat()) hash.update(`${await file(path)}\n`)
  return hash.digest('hex')
}
