/** @file BAM sources whose entries stand in lists: count, entry and find are the same for files and for photos composed on demand. */
import { InputError } from '@ascribe/core'
import type { BamEntry, BamPicture, BamSet, BamSource, Split } from '../source.js'

const keyOf = ({ object, scene, instance }: BamEntry): string => `${object}.${scene}.${instance}`

/** The entries of one split in index order, with the way back from entry to index. */
export class EntryList {
  #indices: Map<string, number> | undefined

  constructor(readonly entries: readonly BamEntry[]) {}

  find(entry: BamEntry): number | undefined {
    this.#indices ??= new Map(this.entries.map((each, index) => [keyOf(each), index]))
    return this.#indices.get(keyOf(entry))
  }
}

export type EntryLists = ReadonlyMap<BamSet, Readonly<Partial<Record<Split, EntryList>>>>

/** What every source says about itself. */
export type SourceHeader = Pick<BamSource, 'kind' | 'size' | 'objects' | 'scenes' | 'roles' | 'digest'>

export abstract class ListedSource implements BamSource {
  readonly kind: string
  readonly size: number
  readonly objects: readonly string[]
  readonly scenes: readonly string[]
  readonly roles: BamSource['roles']
  readonly digest: string

  constructor(
    header: SourceHeader,
    protected readonly lists: EntryLists,
  ) {
    this.kind = header.kind
    this.size = header.size
    this.objects = header.objects
    this.scenes = header.scenes
    this.roles = header.roles
    this.digest = header.digest
  }

  count(set: BamSet, split: Split): number {
    return this.lists.get(set)?.[split]?.entries.length ?? 0
  }

  /** @throws InputError where the split has no such index */
  entry(set: BamSet, split: Split, index: number): BamEntry {
    const entry = this.lists.get(set)?.[split]?.entries[index]
    if (!entry) throw new InputError(`${set}/${split} has ${this.count(set, split)} pictures, there is no number ${index}`)
    return entry
  }

  find(set: BamSet, split: Split, entry: BamEntry): number | undefined {
    return this.lists.get(set)?.[split]?.find(entry)
  }

  abstract picture(set: BamSet, split: Split, index: number): BamPicture | Promise<BamPicture>
}
