/** @file bam.json: what a BAM folder says about itself. */
import { InputError } from '@ascribe/core'
import type { BamSet, BamSource, Split } from '../source.js'
import type { SourceHeader } from './listed-source.js'
import { bamSets, splits } from './sets.js'

export const manifestName = 'bam.json'

/** Counts the changes of the layout that an older reader would misread. */
const layoutVersion = 1

type SetCounts = Readonly<Partial<Record<BamSet, Readonly<Record<Split, number>>>>>

export interface Manifest extends SourceHeader {
  /** Seed the source was made from, where it has one. */
  readonly seed?: number
  readonly counts: SetCounts
}

/** The manifest of the named part of a source; splits left out count 0. */
export function manifestOf(source: BamSource, sets: readonly BamSet[], parts: readonly Split[], seed?: number): Manifest {
  const { kind, size, objects, scenes, roles, digest } = source
  const counts: Partial<Record<BamSet, Record<Split, number>>> = {}
  for (const set of sets) {
    const count = (split: Split) => (parts.includes(split) ? source.count(set, split) : 0)
    counts[set] = { train: count('train'), val: count('val') }
  }
  return { kind, size, objects, scenes, roles, digest, ...(seed !== undefined && { seed }), counts }
}

export const formatManifest = (manifest: Manifest): string =>
  `${JSON.stringify({ format: 'ascribe-bam', version: layoutVersion, ...manifest }, null, 2)}\n`

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every(name => typeof name === 'string')

/** @throws InputError naming the file and the bad key */
export function parseManifest(text: string, path: string): Manifest {
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${path}: not JSON, the file is damaged`, { cause })
  }
  if (json?.['format'] !== 'ascribe-bam') throw new InputError(`${path}: not the description of a BAM folder`)
  if (json['version'] !== layoutVersion)
    throw new InputError(
      `${path}: layout version ${json['version']}, this program reads ${layoutVersion}; build the data set again`,
    )
  const { kind, size, objects, scenes, roles, digest, seed, counts } = json as unknown as Manifest
  const need = (fine: boolean, key: string) => {
    if (!fine) throw new InputError(`${path}: '${key}' is missing or damaged; build the data set again`)
  }
  need(typeof kind === 'string', 'kind')
  need(isCount(size) && size > 0, 'size')
  need(isNames(objects), 'objects')
  need(isNames(scenes), 'scenes')
  need(typeof digest === 'string', 'digest')
  need(seed === undefined || Number.isSafeInteger(seed), 'seed')
  const below = (value: unknown, limit: number) => isCount(value) && value < limit
  need(below(roles?.dog, objects.length), 'roles.dog')
  need(below(roles?.bedroom, scenes.length), 'roles.bedroom')
  need(below(roles?.bambooForest, scenes.length), 'roles.bambooForest')
  need(typeof counts === 'object' && counts !== null, 'counts')
  for (const [set, count] of Object.entries(counts)) {
    need(bamSets.includes(set as BamSet), `counts.${set}`)
    for (const split of splits) need(isCount(count?.[split]), `counts.${set}.${split}`)
  }
  return { kind, size, objects, scenes, roles, digest, ...(seed !== undefined && { seed }), counts }
}
