/** @file The pictures of a split of the original BAM data, with their entries and boxes. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InputError } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import { EntryList } from '../layout/listed-source.js'
import { parseLines, parseLocations } from '../layout/locations.js'
import { classesOf, nameParser } from '../layout/names.js'
import type { BamEntry, BamSet, Box } from '../source.js'
import { labelOf } from '../source.js'
import { type OriginalSet, objects, scenes, size, withoutObjects } from './classes.js'

const classes = { objects, scenes }

export interface Listing {
  readonly list: EntryList
  /** Path of each picture. */
  readonly files: readonly string[]
  /** By file name; empty for sets without objects. */
  readonly boxes: ReadonlyMap<string, Box>
}

const parseName = nameParser(classes)

/** The object's name in a picture without object says only where one is in its twin. */
function entryOf(set: BamSet, file: string, where: string): BamEntry {
  const entry = parseName(file.replace(/\.jpg$/, ''), where)
  return withoutObjects.has(set) ? { ...entry, object: null } : entry
}

interface Named {
  readonly entry: BamEntry
  readonly file: string
}

/** The first of the pictures of each entry, which differ in nothing where there are several. */
function listingOf(named: readonly Named[], boxes: ReadonlyMap<string, Box>): Listing {
  const first = new Map<string, Named>()
  for (const each of named) {
    const key = JSON.stringify(each.entry)
    if (!first.has(key)) first.set(key, each)
  }
  const kept = [...first.values()]
  return { list: new EntryList(kept.map(({ entry }) => entry)), files: kept.map(({ file }) => file), boxes }
}

async function boxesOf(path: string, named: readonly Named[]): Promise<ReadonlyMap<string, Box>> {
  const boxes = parseLocations(new TextDecoder().decode(await readBytes(path)), path, size)
  const missing = named.find(({ file }) => !boxes.has(basename(file)))
  if (missing) throw new InputError(`${path}: has no box for ${basename(missing.file)}`)
  return boxes
}

/** Pictures of SET/val in the order of val.txt. @throws InputError naming the file or line that does not fit */
export async function listVal(folder: string, set: OriginalSet): Promise<Listing> {
  const path = join(folder, set, 'val.txt')
  const named = parseLines(new TextDecoder().decode(await readBytes(path)), path).map(({ name, rest }, i) => {
    const where = `${path}, line ${i + 1}`
    const entry = entryOf(set, name, where)
    if (String(labelOf(set, entry)) !== rest)
      throw new InputError(`${where}: ${name} has class ${rest}, its name says ${labelOf(set, entry)}`)
    return { entry, file: join(folder, set, 'val', name) }
  })
  return listingOf(named, withoutObjects.has(set) ? new Map() : await boxesOf(join(folder, set, 'val_loc.txt'), named))
}

/** Pictures of SET/train by class and name; undefined for the sets that have none. @throws InputError naming what does not fit */
export async function listTrain(folder: string, set: OriginalSet): Promise<Listing | undefined> {
  const train = join(folder, set, 'train')
  const present = await readdir(train).catch(() => undefined)
  if (!present) {
    if (set === 'dog_bedroom' || set === 'bamboo_forest') return undefined
    throw new InputError(`${train}: the folder is missing`)
  }
  const named: Named[] = []
  for (const [label, name] of classesOf(classes, set).entries()) {
    const place = join(train, name)
    if (!present.includes(name)) throw new InputError(`${place}: the folder of this class is missing`)
    for (const file of (await readdir(place)).filter(each => each.endsWith('.jpg')).sort()) {
      const entry = entryOf(set, file, place)
      if (labelOf(set, entry) !== label) throw new InputError(`${join(place, file)}: is of another class than its folder`)
      named.push({ entry, file: join(place, file) })
    }
  }
  return listingOf(named, withoutObjects.has(set) ? new Map() : await boxesOf(join(folder, set, 'loc.txt'), named))
}
