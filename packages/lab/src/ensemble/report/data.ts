/** @file What the report of an ensemble study shows, as plain data. */
import type { ExampleRow, ReportTable, Statement } from '../../report/index.js'
import type { Comparison, JunkCost } from '../analysis.js'
import type { MaskOnlyRow, TwistGain } from '../control-analysis.js'

/** An ensemble against every member. */
export interface EnsembleComparison {
  readonly ensemble: string
  readonly metrics: readonly Comparison[]
}

export interface EnsembleReport {
  readonly title: string
  readonly facts: readonly string[]
  readonly warnings: readonly string[]
  readonly statements: readonly Statement[]
  readonly comparisons: readonly EnsembleComparison[]
  /** By the model, where a twin predicts first. */
  readonly beside?: readonly EnsembleComparison[]
  readonly junk: readonly JunkCost[]
  readonly twists: readonly TwistGain[]
  readonly maskOnly: readonly MaskOnlyRow[]
  readonly ranking: string
  readonly tables: readonly ReportTable[]
  readonly examples: readonly ExampleRow[]
}

/** "None does" is a result only where differences of this size would be seen. */
export const wantedDetectable = 0.02
/** Fewer pictures than these say nothing about junk. */
export const leastForJunk = 20
/** Most that a worthless member may cost. */
export const bars = { loss: 0.02, infidelity: 0.05, kept: 0.8 } as const
