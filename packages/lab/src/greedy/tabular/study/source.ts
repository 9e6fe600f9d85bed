/** @file Where a study's tables come from: designs drawn anew for each seed, and files. */
import { UsageError } from '@ascribe/core'
import { type Design, generate, type Sizes } from '../data/design.js'
import { designNamed } from '../data/designs.js'
import type { SelectableColumn, TabularData } from '../data/tabular-data.js'
import type { FitPlan } from '../model/fit.js'
import type { TabularPreset } from './presets.js'

/** Raised whenever a design or the way it is drawn changes. */
const version = 1

export interface TableSource {
  readonly name: string
  /** Of a generated table. */
  readonly design?: Design
  readonly seeds: readonly number[]
  readonly fit: FitPlan
  readonly retrainCounts: readonly number[]
  readonly retrainSeeds: readonly number[]
  readonly ablationSeeds: readonly number[]
  /** What decides the rows, for cells. */
  readonly sample: (seed: number) => string
  readonly data: (seed: number) => TabularData
  /** The same without drawing rows. */
  readonly outline: (seed: number) => Outline
}

interface Outline {
  readonly columns: readonly SelectableColumn[]
  /** Rows of each part. */
  readonly rows: Sizes
}

/** Remembers the last few tables, which cells of one group share. */
function remembered(make: (seed: number) => TabularData): (seed: number) => TabularData {
  const kept = new Map<number, TabularData>()
  return seed => {
    const known = kept.get(seed)
    if (known) return known
    if (kept.size >= 4) kept.delete(kept.keys().next().value!)
    const made = make(seed)
    kept.set(seed, made)
    return made
  }
}

const planOf = ({ seeds, fit, retrainCounts, retrainSeeds, ablationSeeds }: TabularPreset['generated'], seed: number) => {
  const all = Array.from({ length: seeds }, (_, i) => seed + i)
  return { seeds: all, fit, retrainCounts, retrainSeeds: all.slice(0, retrainSeeds), ablationSeeds: all.slice(0, ablationSeeds) }
}

/** The preset's designs, then files. @throws UsageError where two tables have one name */
export function sourcesOf(preset: TabularPreset, files: readonly TabularData[], seed: number): TableSource[] {
  const generated = preset.designs.map((name): TableSource => {
    const design = designNamed(name)
    return {
      name,
      design,
      ...planOf(preset.generated, seed),
      sample: own => `generated ${version}: ${name}, ${Object.values(preset.rows).join('/')} rows, seed ${own}`,
      data: remembered(own => generate(design, own, preset.rows)),
      outline: own => ({ columns: generate(design, own, { train: 0, validation: 0, test: 0 }).columns, rows: preset.rows }),
    }
  })
  const given = files.map(
    (data): TableSource => ({
      name: data.name,
      ...planOf(preset.file, seed),
      sample: () => `${data.name}: ${data.digest}`,
      data: () => data,
      outline: () => ({
        columns: data.columns,
        rows: { train: data.train.count, validation: data.validation.count, test: data.test.count },
      }),
    }),
  )
  const all = [...generated, ...given]
  const twice = all.find(({ name }, i) => all.findIndex(other => other.name === name) !== i)
  if (twice) throw new UsageError(`two tables are called "${twice.name}"; rename one of the files`)
  return all
}
