/** @file All that the report of an image study shows, as plain data (also written as report.json). */
import type { ExampleRow, Figure } from '../../../bam/report/data.js'
import type { Difference, MeanOf, Verdict } from '../analysis.js'
import type { Entry } from '../entry.js'

export interface ReportCell {
  readonly text: string
  /** What it sorts by. */
  readonly sort?: number
  /** In small letters below, a line each. */
  readonly notes?: readonly string[]
  readonly badge?: Verdict
}

export interface ReportTable {
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly cells: readonly ReportCell[]; readonly muted?: boolean }[]
}

/** What the study was to show, and whether it does. */
export interface Statement {
  readonly text: string
  readonly verdict: 'holds' | 'does not hold' | 'not resolved'
  /** Rivals, by how the comparison with them ended. */
  readonly details: readonly string[]
}

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
