/** @file All that a BAM report shows, as plain data (also written as report.json). */
import type { ExampleRow, Figure } from '../../report/index.js'
import type { Finding } from '../metrics/findings.js'

/** A number with its 95% interval. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface ModelRow {
  readonly architecture: string
  /** 'obj', 'scene', 'scene_only', 'scene1'... */
  readonly set: string
  readonly file: string
  readonly parameters: number
  /** Share of the validation pictures answered correctly, and how many there are. */
  readonly accuracy: number
  readonly count: number
  readonly note?: string
}

export interface ScoreRow {
  readonly architecture: string
  /** Method with its options, as the command takes it. */
  readonly method: string
  /** Short name, for one of the paper's methods that of `paperMethods`. Default: `method`. */
  readonly name?: string
  readonly control: boolean
  /** 'mcs', 'idr', 'iir', ... */
  readonly metric: string
  /** 'positive' (the paper's), 'signed', 'absolute'. */
  readonly variant: string
  readonly score: Interval
  /** Pictures scored, and those of them that count (answered correctly by all models concerned). */
  readonly count: number
  readonly valid: number
  /** 2.8 standard deviations over sqrt(n): smaller effects are not resolved. */
  readonly detectable: number
  /** Paired difference from the best control. Default: the difference of the two scores, as if they came from different pictures. */
  readonly versusControl?: ControlDifference
  /** Names of methods whose paired difference from this one is not resolved. Default: those whose intervals overlap. */
  readonly tiedWith?: readonly string[]
}

export interface ControlDifference {
  /** Name of the control. */
  readonly control: string
  readonly difference: Interval
  readonly detectable: number
}

/** A table of plain cells with a caption: the audit, importance, patches, the ladder, costs. */
export interface PlainTable {
  readonly title: string
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

export interface BamReport {
  readonly title: string
  /** Lines under the title: data, models, command, plan hash, version. */
  readonly facts: readonly string[]
  readonly models: readonly ModelRow[]
  readonly scores: readonly ScoreRow[]
  readonly findings: readonly (Finding & { readonly architecture: string })[]
  readonly tables: readonly PlainTable[]
  readonly examples: readonly ExampleRow[]
  /** Training curves, the ladder. Default: none. */
  readonly figures?: readonly Figure[]
}
