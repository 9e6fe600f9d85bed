/** @file Flags of the bam commands. */
import { join } from 'node:path'
import { UsageError } from '@ascribe/core'
import { type ModelRole, type Preset, presetNamed, presets } from '@ascribe/lab'
import type { Flag } from '../command.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

export interface BamFlags extends CommonOptions {
  readonly preset: string
  readonly folder: string
  readonly data?: string
  readonly models?: string
  readonly scores?: string
  readonly seed: number
}

export const folderFlags: readonly Flag[] = [
  {
    flags: '--preset <name>',
    describe: presets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    choices: presets.map(({ name }) => name),
    default: 'quick',
  },
  { flags: '--folder <dir>', describe: 'where everything goes: data, models, scores, report.html', default: 'bam' },
  { flags: '--data <dir>', describe: 'the data set (default: FOLDER/data)' },
  { flags: '--models <dir>', describe: 'the models (default: FOLDER/models)' },
  { flags: '--scores <dir>', describe: 'results, cell by cell (default: FOLDER/scores)' },
  seedFlag,
  ...commonFlags,
]

export const selectionFlags: readonly Flag[] = [
  { flags: '-a, --architecture <name>', describe: "only this architecture (default: the preset's); may repeat", repeat: true },
  {
    flags: '--set <name>',
    describe: "only this label set: obj, scene, scene_only, scene1... (default: the preset's); may repeat",
    repeat: true,
  },
  { flags: '--processes <n>', describe: 'processes, each with one thread (default: the cores)', parse: whole('--processes', 1) },
]

export interface Selection {
  readonly architecture?: readonly string[]
  readonly set?: readonly string[]
  readonly processes?: number
}

export interface Places {
  readonly preset: Preset
  readonly data: string
  readonly models: string
  readonly scores: string
  readonly report: string
}

export function placesOf(flags: BamFlags): Places {
  return {
    preset: presetNamed(flags.preset),
    data: flags.data ?? join(flags.folder, 'data'),
    models: flags.models ?? join(flags.folder, 'models'),
    scores: flags.scores ?? join(flags.folder, 'scores'),
    report: join(flags.folder, 'report.html'),
  }
}

const roleNames: readonly string[] = ['obj', 'scene', 'scene_only', ...Array.from({ length: 10 }, (_, i) => `scene${i + 1}`)]

/** @throws UsageError for a set that no model is trained on */
export function rolesOf(preset: Preset, { set }: Selection): readonly ModelRole[] {
  for (const name of set ?? [])
    if (!roleNames.includes(name)) throw new UsageError(`--set must be one of ${roleNames.join(', ')}, not "${name}"`)
  return (set as readonly ModelRole[] | undefined) ?? preset.roles
}
