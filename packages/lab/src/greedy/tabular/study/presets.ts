/** @file Sizes of the study of tables; all are our choice. */
import { suggestion, UsageError } from '@ascribe/core'
import type { Sizes } from '../data/design.js'
import { designs } from '../data/designs.js'
import type { FitPlan } from '../model/fit.js'

interface TablePlan {
  /** Training seeds; of generated tables data seeds too. */
  readonly seeds: number
  readonly fit: FitPlan
  /** Numbers of columns that networks are trained on anew, for the first `retrainSeeds` seeds. */
  readonly retrainCounts: readonly number[]
  readonly retrainSeeds: number
  /** Seeds that the ablation of greedy-pig's settings looks at. */
  readonly ablationSeeds: number
}

export interface TabularPreset {
  readonly name: string
  readonly summary: string
  readonly designs: readonly string[]
  /** Rows of a generated table. */
  readonly rows: Sizes
  readonly generated: TablePlan
  readonly file: TablePlan
}

const every = designs.map(({ name }) => name)
const perceptron: FitPlan = { width: 64, depth: 2, epochs: 30, batch: 256, learningRate: 3e-3, weightDecay: 0.01 }
const small: FitPlan = { ...perceptron, width: 16, epochs: 4, batch: 64 }

export const tabularPresets: readonly TabularPreset[] = [
  {
    name: 'smoke',
    summary: 'everything once in seconds, to see that it works; its numbers mean nothing',
    designs: ['copies', 'categories'],
    rows: { train: 400, validation: 100, test: 200 },
    generated: { seeds: 2, fit: small, retrainCounts: [2], retrainSeeds: 1, ablationSeeds: 1 },
    file: { seeds: 1, fit: { ...small, epochs: 1 }, retrainCounts: [2], retrainSeeds: 1, ablationSeeds: 0 },
  },
  {
    name: 'quick',
    summary: 'five generated designs with 20 seeds each, three seeds for a file: minutes on two cores',
    designs: every,
    rows: { train: 4000, validation: 1000, test: 2000 },
    generated: { seeds: 20, fit: perceptron, retrainCounts: [4], retrainSeeds: 8, ablationSeeds: 5 },
    file: {
      seeds: 3,
      fit: { ...perceptron, epochs: 20, batch: 512 },
      retrainCounts: [2, 4, 6],
      retrainSeeds: 3,
      ablationSeeds: 1,
    },
  },
  {
    name: 'paper',
    summary: '50 seeds of larger tables, ten seeds for a file, retraining at every number of columns: hours',
    designs: every,
    rows: { train: 10_000, validation: 2000, test: 10_000 },
    generated: {
      seeds: 50,
      fit: { ...perceptron, epochs: 50 },
      retrainCounts: [1, 2, 3, 4, 5, 6, 8, 10],
      retrainSeeds: 20,
      ablationSeeds: 20,
    },
    file: {
      seeds: 10,
      fit: { ...perceptron, width: 128, epochs: 40, batch: 512 },
      retrainCounts: [1, 2, 3, 4, 5, 6, 8, 10, 12],
      retrainSeeds: 5,
      ablationSeeds: 3,
    },
  },
]

/** @throws UsageError with a suggestion where there is none */
export function tabularPresetNamed(name: string): TabularPreset {
  const found = tabularPresets.find(preset => preset.name === name)
  if (found) return found
  const names = tabularPresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
