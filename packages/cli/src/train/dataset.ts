/** @file What to train on: a folder of pictures, a CSV file, or generated pictures. */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { suggestion, UsageError } from '@ascribe/core'
import {
  bamSets,
  bamTrainingData,
  GeneratedSource,
  openLabelledFolder,
  openTable,
  type Table,
  type TrainingData,
} from '@ascribe/lab'
import type { TrainFlags } from './flags.js'
import { folderTrainingData } from './folder-data.js'

export interface Dataset {
  readonly data: TrainingData
  /** Where the data is a table. */
  readonly table?: Table
}

/** A place that data may come from. */
interface Kind {
  readonly name: string
  /** Flags that only this kind and those named with it read. */
  readonly flags: readonly (keyof TrainFlags)[]
  readonly open: (text: string, flags: TrainFlags) => Promise<Dataset>
}

const pictureFlags = ['size', 'flip', 'crop', 'colour'] as const

/** The other sets are for validation only. */
const trainable = bamSets.filter(set => /^(obj|scene(_only|\d+)?)$/.test(set))

const generated: Kind = {
  name: 'generated pictures',
  flags: [...pictureFlags, 'perEpoch'],
  async open(text, { size = 64, seed, perEpoch = 5000 }) {
    const name = text.slice(text.indexOf(':') + 1)
    const set = trainable.find(one => one === name)
    if (!set)
      throw new UsageError(
        `there is no BAM set "${name}" to train on${suggestion(name, trainable)} (there are ${trainable.join(', ')})`,
      )
    const source = new GeneratedSource({ size, seed })
    return { data: bamTrainingData(source, set, { perEpoch }) }
  },
}

const folder: Kind = {
  name: 'a folder of pictures',
  flags: [...pictureFlags, 'validation'],
  async open(path, { size = 64, seed, validation }) {
    const opened = await openLabelledFolder(path, { size, seed, ...(validation === undefined ? {} : { validation }) })
    return { data: folderTrainingData(opened, basename(resolve(path))) }
  },
}

const tables: Kind = {
  name: 'a table',
  flags: ['label', 'drop', 'validation'],
  async open(path, { label, drop, validation, seed }) {
    const table = await openTable(path, {
      seed,
      ...(label === undefined ? {} : { label }),
      ...(drop === undefined ? {} : { drop }),
      ...(validation === undefined ? {} : { validation }),
    })
    return { data: table, table }
  },
}

const kinds = [generated, folder, tables]

async function kindOf(text: string): Promise<Kind> {
  if (/^(generated|bam):/.test(text)) return generated
  const found = await stat(text).catch(() => undefined)
  if (found?.isDirectory()) return folder
  if (found && /\.csv$/i.test(text)) return tables
  if (found) throw new UsageError(`${text}: is neither a folder of pictures nor a .csv file`)
  throw new UsageError(`${text}: there is no such folder or file (generated pictures are written generated:obj)`)
}

const flagName = (key: string): string => `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** @throws UsageError, InputError; a flag that this data has no use for is an error */
export async function openDataset(text: string, flags: TrainFlags): Promise<Dataset> {
  const kind = await kindOf(text)
  for (const key of new Set(kinds.flatMap(one => one.flags)))
    if (flags[key] !== undefined && !kind.flags.includes(key)) {
      const owners = kinds.filter(one => one.flags.includes(key)).map(({ name }) => name)
      throw new UsageError(`${flagName(key)} is for ${owners.join(' and ')}; ${text} is ${kind.name}`)
    }
  return kind.open(text, flags)
}
