/** @file Writes any BAM source into one folder in the paper's layout. */
import { copyFile, link, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AbortedError, AscribeError, InputError, OutputError, UsageError } from '@ascribe/core'
import { ensureFolder, outputProblem } from '@ascribe/core/node'
import type { BamSet, BamSource, Box, Split } from '../source.js'
import { labelOf } from '../source.js'
import { formatBox } from './locations.js'
import { formatManifest, type Manifest, manifestName, manifestOf, parseManifest } from './manifest.js'
import { checkNames, classesOf, entryName, maskPath, picturePath, safeName } from './names.js'
import { PartFolder } from './part-folder.js'
import { encodeMask, encodePicture } from './png.js'
import { type FolderSource, readBamFolder } from './read.js'
import { splits as allSplits, bamSets } from './sets.js'

export interface WriteBamOptions {
  /** Sets to write; default every set the source has. */
  readonly sets?: readonly BamSet[]
  /** Default both. */
  readonly splits?: readonly Split[]
  /** Noted in bam.json. */
  readonly seed?: number
  /** Kind of picture file; PNG keeps every pixel. */
  readonly format?: 'png'
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  readonly signal?: AbortSignal
}

/** Pictures between two lines of the journal: what an interruption costs at most. */
const pieceSize = 256

/** Pictures encoded at a time. */
const lanes = 4

interface Piece {
  readonly set: BamSet
  readonly split: Split
  readonly start: number
  /** Of each picture, null where there is no object. */
  readonly boxes: readonly (Box | null)[]
}

/**
 * Writes a data set as a folder:
 *
 *     bam.json                                  kind, size, classes, roles, digest, seed, counts
 *     SET/train/CLASS/OBJECT-SCENE-0000.png     SET/val/OBJECT-SCENE-0900.png     SCENE-0000.png where there is no object
 *     SET/train.txt, val.txt                    picture and class index, in index order
 *     SET/train_loc.txt, val_loc.txt            picture and box: first row, first column, row and column after the last
 *     SET/train_mask/, val_mask/                8-bit masks of the whole picture, how much of each pixel is the object
 *
 * As in the paper's own folders (BAM, Yang and Kim 2019) but for PNG, masks as pictures, and train masks. A picture that several sets
 * share (obj and scene hold the same ones) is stored once and linked; pictures are taken to be the same where entry and split are, apart
 * from bamboo_forest_patch.
 *
 * The folder appears under its name only when whole. An interrupted build goes on where it stopped; after a failed write (full disk)
 * nothing is left.
 *
 * @returns the folder, opened; at once where it already holds these pictures
 * @throws UsageError where the folder holds something else, or the source lacks a named set
 * @throws OutputError where it cannot be written
 * @throws AbortedError where the signal fires
 */
export async function writeBamFolder(source: BamSource, folder: string, options: WriteBamOptions = {}): Promise<FolderSource> {
  const target = resolve(folder)
  const parts = options.splits ?? allSplits
  const sets = bamSets.filter(set =>
    options.sets ? options.sets.includes(set) : parts.some(part => source.count(set, part) > 0),
  )
  for (const set of sets)
    if (!parts.some(part => source.count(set, part) > 0))
      throw new UsageError(`the ${source.kind} data has no pictures of ${set}`)
  if (sets.length === 0) throw new UsageError('no sets are named to write')
  checkNames(source)
  const manifest = manifestOf(source, sets, parts, options.seed)
  if (await isBuilt(target, manifest)) return readBamFolder(target)
  await ensureFolder(dirname(target))
  const part = await PartFolder.open<Piece>(target, formatManifest(manifest))
  try {
    await new Writer(source, manifest, part, options).run()
    await part.finish()
  } catch (cause) {
    const failedWrite = !(cause instanceof AscribeError) || cause instanceof OutputError
    await (failedWrite ? part.discard() : part.pause()).catch(() => {})
    if (cause instanceof AscribeError) throw cause
    throw new OutputError(`the data set ${folder} could not be written: ${outputProblem(cause)}`, { cause })
  }
  return readBamFolder(target)
}

/** True where the target already holds all that is asked for. @throws UsageError where it holds something else */
async function isBuilt(target: string, wanted: Manifest): Promise<boolean> {
  const names: string[] = await readdir(target).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new OutputError(`${target} could not be written: ${cause.code === 'ENOTDIR' ? 'it is a file' : outputProblem(cause)}`, {
      cause,
    })
  })
  if (names.length === 0) return false
  if (names.includes(manifestName)) {
    const path = join(target, manifestName)
    const { digest, counts } = parseManifest(await readFile(path, 'utf8'), path)
    const covered = Object.entries(wanted.counts).every(([set, count]) =>
      allSplits.every(split => count[split] <= (counts[set as BamSet]?.[split] ?? 0)),
    )
    if (digest === wanted.digest && covered) return true
  }
  throw new UsageError(`${target} exists and holds other data; name another folder, or delete it`)
}

class Writer {
  readonly #boxes = new Map<string, (Box | null)[]>()
  readonly #sets: readonly BamSet[]
  readonly #total: number
  #done = 0

  constructor(
    private readonly source: BamSource,
    private readonly manifest: Manifest,
    private readonly part: PartFolder<Piece>,
    private readonly options: WriteBamOptions,
  ) {
    this.#sets = Object.keys(manifest.counts) as BamSet[]
    this.#total = this.#sets.reduce((sum, set) => sum + this.#count(set, 'train') + this.#count(set, 'val'), 0)
  }

  #count(set: BamSet, split: Split): number {
    return this.manifest.counts[set]![split]
  }

  async run(): Promise<void> {
    const finished = new Set<string>()
    for (const { set, split, start, boxes } of this.part.finished) {
      const all = this.#boxesOf(set, split)
      for (const [i, box] of boxes.entries()) all[start + i] = box
      finished.add(`${set}/${split}/${start}`)
      this.#done += boxes.length
    }
    for (const set of this.#sets) {
      for (const split of allSplits) {
        const count = this.#count(set, split)
        if (count === 0) continue
        await this.#makeFolders(set, split)
        for (let start = 0; start < count; start += pieceSize)
          if (!finished.has(`${set}/${split}/${start}`))
            await this.#writePiece(set, split, start, Math.min(count, start + pieceSize))
        await this.#writeTexts(set, split)
      }
    }
    await writeFile(join(this.part.path, manifestName), formatManifest(this.manifest))
  }

  #boxesOf(set: BamSet, split: Split): (Box | null)[] {
    const key = `${set}/${split}`
    let boxes = this.#boxes.get(key)
    if (!boxes) this.#boxes.set(key, (boxes = []))
    return boxes
  }

  async #makeFolders(set: BamSet, split: Split): Promise<void> {
    const classes = split === 'train' ? classesOf(this.source, set).map(name => `${set}/train/${safeName(name)}`) : [`${set}/val`]
    const hasObjects = Array.from({ length: this.#count(set, split) }).some(
      (_, i) => this.source.entry(set, split, i).object !== null,
    )
    for (const place of hasObjects ? [...classes, `${set}/${split}_mask`] : classes)
      await ensureFolder(join(this.part.path, place))
  }

  async #writePiece(set: BamSet, split: Split, start: number, end: number): Promise<void> {
    const boxes = this.#boxesOf(set, split)
    let next = start
    let failed = false
    const lane = async () => {
      while (next < end && !failed) {
        const index = next++
        try {
          if (this.options.signal?.aborted) throw new AbortedError('interrupted')
          boxes[index] = await this.#writeOne(set, split, index)
        } catch (cause) {
          failed = true
          throw cause
        }
        this.#done++
        this.options.onProgress?.({ done: this.#done, total: this.#total })
      }
    }
    // Every lane has stopped before an error goes on, so that nothing is written into a folder that is being deleted.
    const results = await Promise.allSettled(Array.from({ length: lanes }, lane))
    const rejected = results.find(result => result.status === 'rejected')
    if (rejected) throw rejected.reason
    await this.part.record({ set, split, start, boxes: boxes.slice(start, end) })
  }

  async #writeOne(set: BamSet, split: Split, index: number): Promise<Box | null> {
    const { source } = this
    const entry = source.entry(set, split, index)
    const picturePlace = join(this.part.path, picturePath(source, set, split, entry))
    const maskPlace = join(this.part.path, maskPath(source, set, split, entry))
    const donor = this.#donor(set, split, index)
    if (donor) {
      const box = this.#boxesOf(donor.set, split)[donor.index]!
      await linkOrCopy(join(this.part.path, picturePath(source, donor.set, split, entry)), picturePlace)
      if (box) await linkOrCopy(join(this.part.path, maskPath(source, donor.set, split, entry)), maskPlace)
      return box
    }
    const { pixels, mask, box } = await source.picture(set, split, index)
    const { size } = source
    const where = `${set}/${split} number ${index}`
    if (pixels.length !== size * size * 3 || (mask && mask.length !== size * size))
      throw new InputError(`${where}: the ${source.kind} data gave a picture that is not ${size} x ${size}`)
    if ([mask, box].some(part => (part === null) !== (entry.object === null)))
      throw new InputError(
        `${where}: a picture needs a mask and a box where it has an object, and only there; the ${source.kind} data differs`,
      )
    await writeFile(picturePlace, await encodePicture(pixels, size))
    if (mask) await writeFile(maskPlace, await encodeMask(mask, size))
    return box
  }

  /** An earlier set that holds the same picture. */
  #donor(set: BamSet, split: Split, index: number): { set: BamSet; index: number } | undefined {
    if (set === 'bamboo_forest_patch') return undefined
    const entry = this.source.entry(set, split, index)
    for (const earlier of this.#sets) {
      if (earlier === set) return undefined
      const at = this.#count(earlier, split) > 0 ? this.source.find(earlier, split, entry) : undefined
      if (at !== undefined) return { set: earlier, index: at }
    }
    return undefined
  }

  async #writeTexts(set: BamSet, split: Split): Promise<void> {
    const boxes = this.#boxesOf(set, split)
    const labels: string[] = []
    const locations: string[] = []
    for (let i = 0; i < boxes.length; i++) {
      const entry = this.source.entry(set, split, i)
      const name = `${entryName(this.source, entry)}.png`
      labels.push(`${name} ${labelOf(set, entry)}\n`)
      if (boxes[i]) locations.push(`${name} ${formatBox(boxes[i]!)}\n`)
    }
    await writeFile(join(this.part.path, set, `${split}.txt`), labels.join(''))
    if (locations.length > 0) await writeFile(join(this.part.path, set, `${split}_loc.txt`), locations.join(''))
  }
}

/** Errors of file systems that have no hard links, or no more of them for one file. */
const noLink: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'])

async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  await link(from, to).catch((cause: NodeJS.ErrnoException) => {
    if (!noLink.has(cause.code ?? '')) throw cause
    return copyFile(from, to)
  })
}
