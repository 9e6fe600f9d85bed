/** @file All that the report of the tables study shows, as plain data (also written as report.json). */

/** A number with its 95% interval; null where there is none. */
export interface Interval {
  readonly value: number
  readonly low: number | null
  readonly high: number | null
}

/** A paired difference from greedy-pig. */
export interface Difference extends Interval {
  /** 2.8 standard deviations of the differences over sqrt(n): a smaller effect is not resolved. */
  readonly detectable: number
  /** Two-sided, adjusted by Holm over the rivals of one table and training. */
  readonly adjusted: number
  readonly verdict: 'greedy-pig better' | 'rival better' | 'not resolved'
}

export interface ModelSummary {
  readonly table: string
  readonly training: string
  readonly models: number
  /** Models that every cue matters to, of a table with known cues. */
  readonly valid?: number
  /** On the test rows, mean over models. */
  readonly loss: number
  readonly auc: number
  /** Loss with every column at the baseline. */
  readonly empty: number
}

export interface SelectorScore {
  readonly table: string
  readonly training: string
  readonly selector: string
  /** What the interval of the area is over: seeds, or test rows. */
  readonly n: number
  /** Area below the test loss over k/n, lower is better. */
  readonly area: Interval
  /** Rival's area minus greedy-pig's: above 0, greedy-pig is better. */
  readonly areaDifference?: Difference
  /** Area below the test AUC over k/n, mean over seeds. */
  readonly aucArea: number
  /** Different cues among the first K columns over K, on models that every cue matters to. */
  readonly cues?: Interval
  /** Greedy-pig's share minus the rival's. */
  readonly cuesDifference?: Difference
  /** Models on which every cue came before any copy, of how many, with the interval of the share. */
  readonly complete?: { readonly count: number; readonly of: number; readonly low: number; readonly high: number }
  /** While selecting, in passes over the training rows. */
  readonly forwards: number
  readonly gradients: number
}

export interface Curve {
  readonly table: string
  readonly training: string
  readonly selector: string
  /** Mean over seeds, with k = 0, 1, ..., n columns. */
  readonly loss: readonly number[]
  readonly auc: readonly number[]
  /** Columns of the first seed, best first. */
  readonly order: readonly string[]
}

export interface RetrainedScore {
  readonly table: string
  readonly training: string
  readonly selector: string
  readonly count: number
  readonly n: number
  readonly loss: Interval
  readonly auc: number
  readonly difference?: Difference
}

export interface AblationScore {
  readonly table: string
  readonly training: string
  readonly settings: string
  readonly n: number
  readonly area: Interval
  /** The setting's area minus the default's. */
  readonly difference?: Difference
  readonly cues?: Interval
  readonly gradients: number
}

/** What was asked in advance, and the answer. */
export interface Bar {
  readonly statement: string
  readonly met: boolean
  readonly detail: string
}

export interface TabularReport {
  readonly title: string
  readonly facts: readonly string[]
  readonly bars: readonly Bar[]
  readonly designs: readonly { readonly name: string; readonly summary: string }[]
  readonly models: readonly ModelSummary[]
  readonly scores: readonly SelectorScore[]
  readonly curves: readonly Curve[]
  readonly retrained: readonly RetrainedScore[]
  readonly ablation: readonly AblationScore[]
}
