/** @file Cells of an ensemble study: what each kind's options and value say. */
import type { WeightAim } from '@ascribe/core'
import type { Twist } from '../greedy/image/entry.js'
import type { EnsembleEntry, Entry } from './entry.js'
import type { JunkKind } from './junk.js'
import type { MemberSpec } from './members.js'

/** Raised whenever the same cell gives another value. */
export const version = '2'

/** kind `answer` */
export interface AnswerValue {
  readonly predicted: number
  readonly probability: number
  /** Classes that the model tells apart. */
  readonly classes: number
  /** Prediction of the twin, where there is one. */
  readonly twin?: number
}

/** kind `map`: one method on one picture; the map [height, width] lies beside the value. */
export interface MapOptions {
  readonly member: MemberSpec
  readonly class: number
  /** The map is the shuffled model's. */
  readonly shuffled?: true
}

export interface MapValue {
  readonly forwards: number
  readonly gradients: number
  readonly milliseconds: number
}

/** Keys of the cells that hold the maps of one picture, in the order of members and controls. */
export interface MapKeys {
  readonly members: readonly string[]
  readonly controls: readonly string[]
}

/** kind `forms`: what convex weights are learned from. */
export interface FormsOptions {
  readonly maps: MapKeys
  readonly members: readonly MemberSpec[]
  readonly segments: string
  readonly perturbations: number
  readonly draws: number
  readonly class: number
  /** The members' maps are the shuffled model's. */
  readonly shuffled?: true
}

export interface PlainForm {
  readonly matrix: readonly (readonly number[])[]
  readonly linear: readonly number[]
  readonly constant: number
}

/**
 * By scale: forms over the members, then the members inverted, then the junk maps grey, noise and edges.
 */
export type FormsValue = readonly (Pick<EnsembleEntry, 'normaliser' | 'absolute'> & {
  readonly faithfulness: PlainForm
  readonly robustness: PlainForm
})[]

/** kind `score`: one entry on one picture. */
export interface ScoreOptions {
  readonly entry: Entry
  readonly maps: MapKeys
  readonly class: number
  readonly steps: number
  readonly segments: string
  /** Key of the cell with the forms, for entries with learned weights. */
  readonly forms?: string
  /** Junk members; inverted is the negative of member number `best`. */
  readonly junk?: readonly JunkKind[]
  readonly best?: number
  /** How many members are combined, from the first on; default all. */
  readonly members?: number
  /** Digest of the mask-adapted twin, where it predicts in the model's place. */
  readonly twin?: string
  /** Perturbations of infidelity: with them, IROF and infidelity are scored too. */
  readonly perturbations?: number
}

/** kind `mask-only`: the order of one entry over other contents. */
export interface MaskOnlyOptions extends Omit<ScoreOptions, 'junk' | 'best' | 'members' | 'perturbations'> {
  /** Key of a picture of another class. */
  readonly other: string
}

/** Insertion of the class over the content's own mean, by what the order uncovers. */
export interface MaskOnlyValue {
  readonly own: number
  readonly noise: number
  readonly other: number
}

/** Runs that should find nothing. */
export const twists = ['wrong-class', 'shuffled-weights'] as const satisfies readonly Twist[]

export const curveMetrics = ['insertion blur', 'deletion blur', 'insertion mean', 'deletion mean'] as const
export const metricNames = [...curveMetrics, 'IROF', 'infidelity'] as const
export type MetricName = (typeof metricNames)[number]

export const higherIsBetter = (metric: MetricName): boolean => /^(insertion|IROF)/.test(metric)

export type ScoreValue = Readonly<Partial<Record<MetricName, number>>>

export const aimOf = (entry: Entry): WeightAim | undefined => ('weights' in entry ? entry.weights : undefined)
