/** @file All that the report of an image study shows, as plain data (also written as report.json). */
import type { ExampleRow, Figure, ReportTable, Statement } from '../../../report/index.js'
import type { Difference, MeanOf } from '../analysis.js'
import type { Entry } from '../entry.js'

/** One number per contestant and metric. */
export interface MetricRow extends Entry {
  readonly metric: string
  /** The metric measures what was optimised, over the fill that was. */
  readonly trained: boolean
  readonly mean: MeanOf
}

export interface ComparisonRow extends Entry {
  readonly metric: string
  readonly trained: boolean
  /** Greedy PIG minus this contestant. */
  readonly difference: Difference
}

export interface ImageReport {
  readonly title: string
  readonly facts: readonly string[]
  readonly warnings: readonly string[]
  readonly statements: readonly Statement[]
  readonly means: readonly MetricRow[]
  readonly comparisons: readonly ComparisonRow[]
  readonly tables: readonly ReportTable[]
  readonly figures: readonly Figure[]
  readonly examples: readonly ExampleRow[]
}
