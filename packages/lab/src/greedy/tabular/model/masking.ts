/** @file Rows with columns switched off, as training data. */
import { Random } from '@ascribe/core'
import type { Row, TrainingData } from '../../../train/data.js'
import { baselineOf } from '../data/baseline.js'
import { columnOfFeature, type Rows, type TabularData } from '../data/tabular-data.js'

/**
 * How a model is trained. `plain` sees whole rows, and reads copies of a cue as parts of a sum. `masked` sees a random set of columns in each
 * row, the rest at the baseline, so that rows with columns switched off are nothing new to it.
 */
export const trainings = ['plain', 'masked'] as const
export type Training = (typeof trainings)[number]

/** Share of rows that a masked training shows whole. */
const whole = 0.2

/** Values of `row` where `on(column)`, the baseline's elsewhere. */
function masked(row: Float32Array, baseline: Float32Array, owner: Int32Array, on: (column: number) => boolean): Float32Array {
  return row.map((value, feature) => (on(owner[feature]!) ? value : baseline[feature]!))
}

/** Visible columns: all, or each with a chance that is itself drawn uniformly. */
function randomMask(columns: number, random: Random): boolean[] {
  if (random.uniform() < whole) return new Array<boolean>(columns).fill(true)
  const chance = random.uniform()
  return Array.from({ length: columns }, () => random.uniform() < chance)
}

const rowAt = ({ values, labels }: Rows, features: number, index: number): { values: Float32Array; label: number } => ({
  values: values.subarray(index * features, (index + 1) * features),
  label: labels[index]!,
})

export interface MaskingOptions {
  readonly training: Training
  readonly baseline: string
  readonly seed: number
  /** Columns that are there at all; default all. The others show the baseline in every row. */
  readonly subset?: readonly number[]
}

/** What the trainer reads. Masks are drawn from (seed, epoch, row); those of validation rows are the same in every epoch. */
export function trainingDataOf(data: TabularData, { training, baseline: name, seed, subset }: MaskingOptions): TrainingData {
  const { features, columns, train, validation } = data
  const owner = columnOfFeature(data)
  const baseline = baselineOf(data, name)
  const kept = subset && new Set(subset)
  const shown = (rows: Rows, index: number, stream: number): Row => {
    const { values, label } = rowAt(rows, features, index)
    const mask = training === 'masked' ? randomMask(columns.length, new Random(seed, stream)) : undefined
    if (!kept && !mask) return { values, label }
    return { values: masked(values, baseline, owner, column => (kept?.has(column) ?? true) && (mask?.[column] ?? true)), label }
  }
  return {
    name: data.name,
    classes: data.classes,
    row: [features],
    count: train.count,
    validationCount: validation.count,
    digest: JSON.stringify([data.digest, training, name, seed, subset ?? null]),
    training: (epoch, index) => shown(train, index, 4_000_000_000 + epoch * train.count + index),
    validation: index => shown(validation, index, 3_000_000_000 + index),
  }
}
