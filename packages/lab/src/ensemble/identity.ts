/** @file Cells of an ensemble study: what each kind's options and value say. */
import type { WeightAim } from '@ascribe/core'
import type { EnsembleEntry, Entry } from './entry.js'
import type { JunkKind } from './junk.js'
import type { MemberSpec } from './members.js'

/** Raised whenever the same cell gives another value. */
export const version = '1'

/** kind `answer` */
export interface AnswerValue {
  readonly predicted: number
  readonly probability: number
}

/** kind `map`: one method on one picture; the map [height, width] lies beside the value. */
export interface MapOptions {
  readonly member: MemberSpec
  readonly class: number
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
  /** Perturbations of infidelity: with them, IROF and infidelity are scored too. */
  readonly perturbations?: number
}

export const curveMetrics = ['insertion blur', 'deletion blur', 'insertion mean', 'deletion mean'] as const
export const metricNames = [...curveMetrics, 'IROF', 'infidelity'] as const
export type MetricName = (typeof metricNames)[number]

export const higherIsBetter = (metric: MetricName): boolean => /^(insertion|IROF)/.test(metric)

export type ScoreValue = Readonly<Partial<Record<MetricName, number>>>

export const aimOf = (entry: Entry): WeightAim | undefined => ('weights' in entry ? entry.weights : undefined)
