/** @file Writes any BAM source into one folder in the paper's layout. */
import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AscribeError, OutputError, UsageError } from '@ascribe/core'
import { ensureFolder, outputProblem, readBytes } from '@ascribe/core/node'
import type { BamSet, BamSource, Split } from '../source.js'
import { formatManifest, type Manifest, manifestName, manifestOf, parseManifest } from './manifest.js'
import { checkNames } from './names.js'
import { PartFolder } from './part-folder.js'
import { type FolderSource, readBamFolder } from './read.js'
import { splits as allSplits, bamSets } from './sets.js'
import { type Piece, Writer, type WriterOptions } from './writer.js'

export interface WriteBamOptions extends WriterOptions {
  /** Sets to write; default every set the source has. */
  readonly sets?: readonly BamSet[]
  /** Default both. */
  readonly splits?: readonly Split[]
  /** Noted in bam.json. */
  readonly seed?: number
  /** Kind of picture file; PNG keeps every pixel. */
  readonly format?: 'png'
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
    const { digest, counts } = parseManifest(new TextDecoder().decode(await readBytes(path)), path)
    const covered = Object.entries(wanted.counts).every(([set, count]) =>
      allSplits.every(split => count[split] <= (counts[set as BamSet]?.[split] ?? 0)),
    )
    if (digest === wanted.digest && covered) return true
  }
  throw new UsageError(`${target} exists and holds other data; name another folder, or delete it`)
}
