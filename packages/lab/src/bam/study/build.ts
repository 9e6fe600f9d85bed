/** @file The data of a study: written in the paper's layout, training pictures of the generator left in the generator. */
import { InputError } from '@ascribe/core'
import { GeneratedSource } from '../generated.js'
import { type Manifest, readBamFolder, type WriteBamOptions, writeBamFolder } from '../layout/index.js'
import type { BamSet, BamSource, Split } from '../source.js'
import type { Preset } from './presets.js'

export interface BuildOptions extends Pick<WriteBamOptions, 'onProgress' | 'signal'> {
  readonly preset: Preset
  readonly folder: string
  readonly seed: number
  /** Write training pictures of generated data too; they are drawn while training otherwise. Default false. */
  readonly trainFiles?: boolean
  /** Another source than the generator. */
  readonly source?: BamSource
}

const generatedSource = ({ size, train, validation }: Preset, seed: number): GeneratedSource =>
  new GeneratedSource({ size, seed, train, validation })

/** Sets that scoring looks at whatever models there are. */
const alwaysUsed: readonly BamSet[] = ['obj', 'scene', 'scene_only', 'dog_bedroom', 'bamboo_forest']

/** Writes the data set of a preset. @throws UsageError, OutputError, AbortedError as `writeBamFolder` */
export async function buildStudy(options: BuildOptions): Promise<BamSource> {
  const { preset, folder, seed, signal, onProgress } = options
  const source = options.source ?? generatedSource(preset, seed)
  const used: readonly BamSet[] = [...new Set<BamSet>([...alwaysUsed, ...preset.roles])]
  const sets = used.filter(set => source.count(set, 'val') > 0)
  const splits: readonly Split[] = options.source || options.trainFiles ? ['train', 'val'] : ['val']
  return writeBamFolder(source, folder, { sets, splits, seed, ...(signal && { signal }), ...(onProgress && { onProgress }) })
}

/**
 * Opens the data set of a folder. Generated data that was written without its training pictures draws them.
 * @throws InputError where the folder is no BAM data set, or was made by another version of the generator
 */
export async function openStudyData(folder: string, preset: Preset): Promise<BamSource> {
  const written = await readBamFolder(folder)
  const { manifest } = written
  if (manifest.kind !== 'generated' || written.count('obj', 'train') > 0) return written
  const source = generatedSource({ ...preset, size: manifest.size, validation: instancesOf(manifest) }, manifest.seed ?? 0)
  if (source.digest !== manifest.digest)
    throw new InputError(
      `${folder}: made by another version of the generator or for another preset; build it again, or name its preset with --preset`,
    )
  return {
    ...headerOf(written),
    count: (set, split) => (split === 'train' ? source : written).count(set, split),
    entry: (set, split, index) => (split === 'train' ? source : written).entry(set, split, index),
    find: (set, split, entry) => (split === 'train' ? source : written).find(set, split, entry),
    picture: (set, split, index) => (split === 'train' ? source : written).picture(set, split, index),
  }
}

const headerOf = ({ kind, size, objects, scenes, roles, digest }: BamSource) => ({ kind, size, objects, scenes, roles, digest })

/** Validation instances per pair, from the number of pictures of `obj`. */
const instancesOf = ({ counts, objects, scenes }: Manifest): number => (counts.obj?.val ?? 0) / (objects.length * scenes.length)
