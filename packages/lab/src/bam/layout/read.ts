/** @file Reads a BAM folder in our layout. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import type { BamEntry, BamPicture, BamSet, Box, Split } from '../source.js'
import { labelOf } from '../source.js'
import { EntryList, type EntryLists, ListedSource } from './listed-source.js'
import { parseLines, parseLocations } from './locations.js'
import { type Manifest, manifestName, parseManifest } from './manifest.js'
import { classesOf, entryName, maskPath, nameParser, picturePath, safeName } from './names.js'
import { readMask, readSquarePicture } from './png.js'
import { splits } from './sets.js'

export interface ReadBamOptions {
  /** Sets that must be there; default none. */
  readonly sets?: readonly BamSet[]
}

type Boxes = ReadonlyMap<string, Box>

/** A BAM data set on disk; pictures are decoded when asked for. */
export class FolderSource extends ListedSource {
  constructor(
    readonly folder: string,
    /** What bam.json says. */
    readonly manifest: Manifest,
    lists: EntryLists,
    private readonly boxes: ReadonlyMap<string, Boxes>,
  ) {
    super(manifest, lists)
  }

  /** @throws InputError naming the file where it is damaged, of another size or gone */
  async picture(set: BamSet, split: Split, index: number): Promise<BamPicture> {
    const entry = this.entry(set, split, index)
    const box = this.boxes.get(`${set}/${split}`)?.get(`${entryName(this, entry)}.png`) ?? null
    const [pixels, mask] = await Promise.all([
      readSquarePicture(join(this.folder, picturePath(this, set, split, entry)), this.size),
      box ? readMask(join(this.folder, maskPath(this, set, split, entry)), this.size) : null,
    ])
    return { pixels, mask, box }
  }
}

/**
 * Opens a folder written by `writeBamFolder`. Lists and names of files are checked now, pictures when they are read.
 *
 * @throws InputError where it is no such folder, or a set, a picture or a line is missing or does not fit the classes
 */
export async function readBamFolder(folder: string, options: ReadBamOptions = {}): Promise<FolderSource> {
  const names = await readdir(folder).catch(cause => {
    throw new InputError(`${folder}: there is no such folder`, { cause })
  })
  if (!names.includes(manifestName))
    throw new InputError(`${folder}: has no ${manifestName}, so it is no BAM data set that ascribe wrote; build one first`)
  const path = join(folder, manifestName)
  const manifest = parseManifest(await readText(path), path)
  for (const set of options.sets ?? [])
    if (!manifest.counts[set]) throw new InputError(`${folder}: the set ${set} is missing; build the data set with it`)
  const lists = new Map<BamSet, Partial<Record<Split, EntryList>>>()
  const boxes = new Map<string, Boxes>()
  for (const set of Object.keys(manifest.counts) as BamSet[]) {
    const bySplit: Partial<Record<Split, EntryList>> = {}
    for (const split of splits) {
      if (manifest.counts[set]![split] === 0) continue
      const entries = await readEntries(folder, manifest, set, split)
      bySplit[split] = new EntryList(entries)
      if (entries.some(({ object }) => object !== null))
        boxes.set(`${set}/${split}`, await readBoxes(folder, manifest, set, split, entries))
    }
    lists.set(set, bySplit)
  }
  return new FolderSource(folder, manifest, lists, boxes)
}

const readText = async (path: string): Promise<string> => new TextDecoder().decode(await readBytes(path))

async function readEntries(folder: string, manifest: Manifest, set: BamSet, split: Split): Promise<BamEntry[]> {
  const path = join(folder, set, `${split}.txt`)
  const lines = parseLines(await readText(path), path)
  const count = manifest.counts[set]![split]
  if (lines.length !== count) throw new InputError(`${path}: lists ${lines.length} pictures, ${manifestName} says ${count}`)
  const parse = nameParser(manifest)
  const entries = lines.map(({ name, rest }, i) => {
    const entry = parse(name.replace(/\.png$/, ''), `${path}, line ${i + 1}`)
    const label = set === 'obj' && entry.object === null ? undefined : labelOf(set, entry)
    if (String(label) !== rest)
      throw new InputError(`${path}, line ${i + 1}: ${name} has class ${rest}, its name says ${label ?? 'it has no object'}`)
    return entry
  })
  await checkFiles(folder, manifest, set, split, entries)
  return entries
}

/** Every listed picture is there. */
async function checkFiles(folder: string, manifest: Manifest, set: BamSet, split: Split, entries: readonly BamEntry[]) {
  const places = split === 'train' ? classesOf(manifest, set).map(name => `${set}/train/${safeName(name)}`) : [`${set}/val`]
  const present = new Set<string>()
  for (const place of places) {
    const files = await readdir(join(folder, place)).catch(cause => {
      throw new InputError(`${join(folder, place)}: the folder of pictures is missing; build the data set again`, { cause })
    })
    for (const file of files) present.add(`${place}/${file}`)
  }
  const missing = entries.map(entry => picturePath(manifest, set, split, entry)).filter(place => !present.has(place))
  if (missing.length > 0)
    throw new InputError(`${join(folder, missing[0]!)}: missing, as are ${missing.length - 1} others; build the data set again`)
}

async function readBoxes(
  folder: string,
  manifest: Manifest,
  set: BamSet,
  split: Split,
  entries: readonly BamEntry[],
): Promise<Boxes> {
  const path = join(folder, set, `${split}_loc.txt`)
  const boxes = parseLocations(await readText(path), path, manifest.size)
  for (const entry of entries) {
    const name = `${entryName(manifest, entry)}.png`
    if (entry.object !== null && !boxes.has(name)) throw new InputError(`${path}: has no box for ${name}`)
  }
  return boxes
}
