/** @file Fills a folder with a source's pictures, masks and lists, piece by piece. */
import { copyFile, link, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AbortedError, InputError } from '@ascribe/core'
import { ensureFolder } from '@ascribe/core/node'
import type { BamSet, BamSource, Box, Split } from '../source.js'
import { labelOf } from '../source.js'
import { formatBox } from './locations.js'
import { formatManifest, type Manifest, manifestName } from './manifest.js'
import { classesOf, entryName, maskPath, picturePath, safeName } from './names.js'
import type { PartFolder } from './part-folder.js'
import { encodeMask, encodePicture } from './png.js'
import { splits } from './sets.js'

export interface WriterOptions {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
  readonly signal?: AbortSignal
}

/** Pictures between two lines of the journal: what an interruption costs at most. */
const pieceSize = 256

/** Pictures encoded at a time. */
const lanes = 4

/** A finished stretch of a split, a line of the journal. */
export interface Piece {
  readonly set: BamSet
  readonly split: Split
  readonly start: number
  /** Of each picture, null where there is no object. */
  readonly boxes: readonly (Box | null)[]
}

export class Writer {
  readonly #boxes = new Map<string, (Box | null)[]>()
  readonly #sets: readonly BamSet[]
  readonly #total: number
  #done = 0

  constructor(
    private readonly source: BamSource,
    private readonly manifest: Manifest,
    private readonly part: PartFolder<Piece>,
    private readonly options: WriterOptions,
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
      for (const split of splits) {
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
