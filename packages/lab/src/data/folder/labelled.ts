/** @file A folder of pictures, one sub-folder per class, as training data. */
import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { InputError, Random, UsageError } from '@ascribe/core'
import { shuffled } from '../../order.js'
import { isPictureName, squarePicture } from './pictures.js'

export type FolderSplit = 'train' | 'val'

export interface LabelledFolder {
  /** Names of the sub-folders, sorted; a label is an index into them. */
  readonly classes: readonly string[]
  /** Pixels along each side. */
  readonly size: number
  /** SHA-256 of the classes, the division, the size, and every file's name, length and time of change. */
  readonly digest: string
  count(split: FolderSplit): number
  label(split: FolderSplit, index: number): number
  /** The file that a picture comes from. */
  path(split: FolderSplit, index: number): string
  /** [size, size, 3], RGB, 0..255: the shorter side resized to `size`, the middle taken. @throws InputError naming a damaged file */
  picture(split: FolderSplit, index: number): Promise<Uint8Array>
}

export interface LabelledFolderOptions {
  /** Pixels along each side of the pictures given out. */
  readonly size: number
  /** Share of every class that is kept for validation where the folder is not divided itself, in (0, 1), at least one picture; default 0.1. */
  readonly validation?: number
  /** Chooses the validation pictures; default 0. */
  readonly seed?: number
}

interface Item {
  readonly path: string
  readonly label: number
}

/** What the validation part may be called where the folder is divided. */
const validationNames = ['val', 'valid', 'validation']

/**
 * Opens FOLDER/train/CLASS/... with FOLDER/val/CLASS/... (also `valid`, `validation`), or FOLDER/CLASS/..., which is divided class by
 * class by seed. Pictures are in order of class and name; decoding waits until one is asked for.
 *
 * @throws UsageError where an option cannot be meant
 * @throws InputError where the folder is missing, has no classes, a class without pictures, or parts with different classes
 */
export async function openLabelledFolder(folder: string, options: LabelledFolderOptions): Promise<LabelledFolder> {
  const { size, validation = 0.1, seed = 0 } = options
  if (!Number.isSafeInteger(size) || size < 1 || size > 4096) throw new UsageError(`size is ${size}; it goes from 1 to 4096`)
  if (!(validation > 0 && validation < 1)) throw new UsageError(`validation is ${validation}; it is a share between 0 and 1`)
  const folders = await subFolders(folder)
  const held = await validationFolder(folder, folders)
  const { classes, train, val } =
    held === undefined ? await divideNow(folder, folders, validation, seed) : await dividedBefore(folder, held)
  const items = { train, val }
  const item = (split: FolderSplit, index: number): Item => {
    const found = items[split][index]
    if (!found) throw new InputError(`${folder}: ${split} has ${items[split].length} pictures, there is no number ${index}`)
    return found
  }
  return {
    classes,
    size,
    digest: await digestOf(folder, size, items),
    count: split => items[split].length,
    label: (split, index) => item(split, index).label,
    path: (split, index) => item(split, index).path,
    picture: async (split, index) => squarePicture(item(split, index).path, size),
  }
}

async function subFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOTDIR' ? 'is a file, not a folder of pictures' : 'there is no such folder'
    throw new InputError(`${folder}: ${problem}`, { cause })
  })
  const places = entries.filter(entry => !entry.name.startsWith('.'))
  // A link to a folder counts: data sets are often put together from links.
  const folders = await Promise.all(
    places.map(async entry =>
      entry.isDirectory() ||
      (entry.isSymbolicLink() &&
        (await readdir(join(folder, entry.name)).then(
          () => true,
          () => false,
        )))
        ? entry.name
        : undefined,
    ),
  )
  return folders.filter(name => name !== undefined).sort()
}

/** The validation part of a divided folder; undefined where `train` is missing or, without folders of its own, a class by that name. */
async function validationFolder(folder: string, folders: readonly string[]): Promise<string | undefined> {
  if (!folders.includes('train') || (await subFolders(join(folder, 'train'))).length === 0) return undefined
  const held = validationNames.filter(name => folders.includes(name))
  if (held.length === 1) return held[0]
  throw new InputError(
    `${folder}: beside train, ${held.length === 0 ? 'there is no val' : `there are ${held.join(' and ')}`}; one is needed`,
  )
}

async function picturesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(isPictureName).sort()
  if (names.length === 0) throw new InputError(`${folder}: has no pictures (JPEG, PNG, WebP, GIF, TIFF or AVIF)`)
  return names.map(name => join(folder, name))
}

function checkClasses(folder: string, classes: readonly string[]): void {
  if (classes.length < 2)
    throw new InputError(
      `${folder}: has ${classes.length} class folders, at least 2 are needed; put the pictures of each class into a folder of its own`,
    )
}

async function dividedBefore(folder: string, held: string) {
  const [classes, others] = [await subFolders(join(folder, 'train')), await subFolders(join(folder, held))]
  checkClasses(join(folder, 'train'), classes)
  const lacking = (from: readonly string[], others: readonly string[]) => from.find(name => !others.includes(name))
  const [missing, unknown] = [lacking(classes, others), lacking(others, classes)]
  if (missing !== undefined) throw new InputError(`${join(folder, held)}: has no class '${missing}', which train has`)
  if (unknown !== undefined) throw new InputError(`${join(folder, held)}: has a class '${unknown}' that train has not`)
  const items = async (part: string): Promise<Item[]> => {
    const byClass = await Promise.all(classes.map(name => picturesOf(join(folder, part, name))))
    return byClass.flatMap((paths, label) => paths.map(path => ({ path, label })))
  }
  return { classes, train: await items('train'), val: await items(held) }
}

async function divideNow(folder: string, classes: readonly string[], share: number, seed: number) {
  checkClasses(folder, classes)
  const [train, val]: [Item[], Item[]] = [[], []]
  for (const [label, name] of classes.entries()) {
    const paths = await picturesOf(join(folder, name))
    const held = Math.max(1, Math.round(paths.length * share))
    if (held >= paths.length)
      throw new InputError(
        `${join(folder, name)}: has ${paths.length} pictures, of which ${held} would be for validation and none left to train on`,
      )
    const chosen = new Set(shuffled(paths.length, new Random(seed, label)).subarray(0, held))
    for (const [i, path] of paths.entries()) (chosen.has(i) ? val : train).push({ path, label })
  }
  return { classes, train, val }
}

/** Lengths and times stand for the content: hashing all pictures would take as long as an epoch. */
async function digestOf(folder: string, size: number, items: Readonly<Record<FolderSplit, readonly Item[]>>): Promise<string> {
  const hash = createHash('sha256').update(`labelled folder ${size}\n`)
  for (const split of ['train', 'val'] as const) {
    for (const { path, label } of items[split]) {
      const { size: length, mtimeMs } = await stat(path)
      hash.update(`${split} ${label} ${relative(folder, path)} ${length} ${mtimeMs}\n`)
    }
  }
  return hash.digest('hex')
}
