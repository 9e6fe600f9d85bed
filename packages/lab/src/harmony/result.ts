/** @file What a harmony study found, as plain data. */
import type { ExampleRow } from '../bam/report/data.js'
import type { CellFailure } from '../runner/index.js'
import type { MethodSpec } from './identity.js'
import type { Family } from './models.js'
import type { HarmonyPreset } from './presets.js'
import type { Scored } from './session.js'

/** A number with the ends of its 95% interval (NaN where there are too few sources). */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface ModelRow {
  readonly name: string
  readonly family: Family
  readonly architecture: string
  readonly height: number
  readonly width: number
  /** NaN without labels. */
  readonly accuracy: number
}

export const readings = ['probability', 'top-1'] as const
export type Reading = (typeof readings)[number]

/** Maps that every model gave, for the pictures that have them all. */
export interface Mapped {
  readonly pictures: readonly Scored[]
  readonly methods: readonly MethodSpec[]
  /** Methods left out, each with why. */
  readonly left: readonly string[]
}

/** T of every ordered pair, of one method with one fill, area under the shares. */
export interface TransferTable {
  readonly method: string
  readonly fill: string
  readonly reading: Reading
  readonly n: number
  /** [generator][tester] */
  readonly matrix: readonly (readonly Interval[])[]
  /** Within each family that has two architectures, across families, between seeds of one architecture. */
  readonly groups: readonly { readonly label: string; readonly mean: Interval }[]
  /** Within minus across after main effects of generator and tester. */
  readonly contrast: Interval
  /** 2.8 standard deviations of the contrast over resamples. */
  readonly detectable: number
}

/** A score along the shares kept. */
export interface Curve {
  readonly label: string
  readonly method: string
  readonly fill: string
  readonly values: readonly number[]
}

export interface Row {
  readonly label: string
  readonly method?: string
  readonly fill: string
  readonly reading: Reading
  readonly kept: Interval
  readonly removed?: Interval
}

export interface TransferResult {
  readonly tables: readonly TransferTable[]
  /** Mean over pairs of different models, and of controls over testers: area under the curve. */
  readonly rows: readonly Row[]
  readonly curves: readonly Curve[]
  /** Right class minus wrong class, mean over pairs. */
  readonly wrong: readonly Row[]
  /** Of the selection half alone, by method: weights and rivals are chosen by it. */
  readonly selection: ReadonlyMap<string, readonly (readonly number[])[]>
}

/** A harmonised map against one rival, on the half that chose nothing, mean over testers that gave it no map. */
export interface Gain {
  readonly method: string
  readonly harmoniser: string
  /** Named in advance, or chosen on the selection half. */
  readonly chosen: 'in advance' | 'on the selection half' | 'listed'
  readonly rival: string
  readonly harmonised: number
  readonly score: number
  readonly difference: Interval
  readonly detectable: number
  readonly n: number
}

export interface HarmonisedResult {
  /** Why nothing was harmonised. */
  readonly refused?: string
  readonly gains: readonly Gain[]
  /** [method][tester][model] */
  readonly weights: readonly { readonly method: string; readonly tester: string; readonly weights: readonly number[] }[]
  /** Methods whose harmonised map beats the best of its rivals with the interval above zero. */
  readonly holds: readonly string[]
}

export interface Comparison {
  readonly label: string
  readonly kind: 'between models' | 'between methods' | 'consistency'
  /** By measure: mean and how many pictures have it. */
  readonly means: Readonly<Record<string, Interval>>
  readonly n: number
}

export interface AgreementResult {
  readonly comparisons: readonly Comparison[]
  /** Harmonised pair minus single pairs at equal smoothness, by method and measure. */
  readonly consistency: readonly {
    readonly method: string
    readonly measure: string
    readonly difference: Interval
    readonly n: number
  }[]
}

export interface DetectorRow {
  readonly label: string
  readonly control: boolean
  readonly means: Readonly<Record<string, Interval>>
}

export interface LeakRow {
  readonly method: string
  readonly onto: string
  readonly fill: string
  /** Share of testers' answers that are the class of the picture whose mask it is. */
  readonly share: Interval
}

export interface HarmonyStudy {
  readonly preset: HarmonyPreset
  /** Digest of what was fixed before anything was scored. */
  readonly design: string
  readonly data: string
  readonly size: number
  readonly models: readonly ModelRow[]
  readonly labelled: number
  /** Pictures that were answered, and those that all answer correctly. */
  readonly seen: number
  readonly jointly: number
  readonly pictures: readonly Scored[]
  readonly methods: readonly MethodSpec[]
  readonly left: readonly string[]
  readonly transfer: TransferResult
  readonly harmonised: HarmonisedResult
  readonly leaks: readonly LeakRow[]
  readonly agreement: AgreementResult
  readonly detector: readonly DetectorRow[]
  readonly examples: readonly ExampleRow[]
  readonly failed: readonly CellFailure[]
  readonly seed: number
  readonly digest: string
}
