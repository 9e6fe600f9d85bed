/** @file What a harmony study found, as plain data. */
import type { ExampleRow } from '../report/index.js'
import type { CellFailure } from '../runner/index.js'
import type { MethodSpec } from './identity.js'
import type { Tested } from './intervals.js'
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
  /** Whether it tests and is combined; else another seed of an architecture, which only gives maps. */
  readonly tests: boolean
  /** Its mask-adapted twin: accuracy, and on how many of the pictures seen it answers as the model does. */
  readonly twin?: { readonly accuracy: number; readonly agreement: number }
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

/** Who tests: the mask-adapted twins (a model without one tests itself), or the models themselves. */
export type Testers = 'twins' | 'models'

/** T of every ordered pair, of one method with one fill, area under the shares. */
export interface TransferTable {
  readonly method: string
  readonly fill: string
  readonly reading: Reading
  readonly testers: Testers
  readonly n: number
  /** [generator][tester], of the models that test. */
  readonly matrix: readonly (readonly Interval[])[]
  /** Within each family that has two architectures, across families, between seeds of one architecture. */
  readonly groups: readonly { readonly label: string; readonly mean: Interval }[]
  /** Within minus across after main effects of generator and tester. */
  readonly contrast: Tested
  /** Its p-value after Holm over the methods. */
  readonly adjusted: number
  /** 2.8 standard deviations of the contrast over resamples. */
  readonly detectable: number
  /** T from another seed of the tester's architecture minus T from other architectures, over the same testers; NaN without seeds. */
  readonly ceiling: Tested
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

/** The map of the right class on trained weights minus a spoiled one, scored alike. */
export interface SpoiledRow {
  readonly method: string
  readonly spoiled: 'wrong class' | 'shuffled weights'
  readonly fill: string
  readonly difference: Tested
  readonly n: number
}

export interface TransferResult {
  readonly tables: readonly TransferTable[]
  /** Mean over pairs of different models, and of controls over testers: area under the curve. */
  readonly rows: readonly Row[]
  readonly curves: readonly Curve[]
  readonly spoiled: readonly SpoiledRow[]
  /** T by method and fold, from the pictures of the other folds: weights are chosen by it. */
  readonly selection: ReadonlyMap<string, readonly (readonly (readonly number[])[])[]>
}

/** A harmonised map against one rival, mean over testers that gave it no map; all that was chosen for a picture was chosen on other folds. */
export interface Gain {
  readonly method: string
  /** Several where folds chose differently. */
  readonly harmoniser: string
  /** How the scheme was chosen; blurred: harmonised maps and rivals alike, each with its sigma from the other folds. */
  readonly chosen: 'in advance' | 'by cross-fitting' | 'in advance, blurred' | 'weights, blurred' | 'listed'
  readonly rival: string
  /** A fill, or the mean over all of them. */
  readonly fill: string
  readonly harmonised: number
  readonly score: number
  readonly difference: Tested
  readonly detectable: number
  readonly n: number
}

/** Whether a method's harmonised map beats its rivals: mean over fills. */
export interface GainVerdict {
  readonly method: string
  readonly chosen: Gain['chosen']
  /** The smallest of the gains over all rivals, with that rival. */
  readonly least: Gain
  /** The largest p-value over the rivals, after Holm over the methods. */
  readonly adjusted: number
  /** Gain over the best single map alone (blurred, where all are), and its p-value after Holm. */
  readonly single: Gain
  readonly singleAdjusted: number
  /** Fills in which every rival is beaten with the interval above zero. */
  readonly fills: readonly string[]
  readonly beatsSingle: boolean
  readonly beatsAll: boolean
}

export interface HarmonisedResult {
  /** Why nothing was harmonised. */
  readonly refused?: string
  readonly gains: readonly Gain[]
  readonly verdicts: readonly GainVerdict[]
  /** [method][tester][model], mean over folds. */
  readonly weights: readonly { readonly method: string; readonly tester: string; readonly weights: readonly number[] }[]
}

export interface Comparison {
  readonly label: string
  readonly kind: 'between models' | 'between seeds' | 'between methods' | 'consistency'
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
    readonly difference: Tested
    /** p-value after Holm over the methods. */
    readonly adjusted: number
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
  /** Names of the models that test, in the order of the matrices. */
  readonly testers: readonly string[]
  /** Whether some tester is a mask-adapted twin. */
  readonly adapted: boolean
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
