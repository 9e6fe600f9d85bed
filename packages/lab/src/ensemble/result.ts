/** @file What an ensemble study found. */
import type { Pixels } from '@ascribe/core'
import type { CellFailure } from '../runner/index.js'
import type { EnsembleEntry, Entry } from './entry.js'
import type { ScoreValue } from './identity.js'
import type { JunkKind } from './junk.js'
import type { MemberSpec } from './members.js'
import type { EnsemblePreset } from './presets.js'
import type { Mapped } from './session.js'

/** Values by picture. */
export type ByPicture = ReadonlyMap<string, ScoreValue>

export interface ScoredRun {
  readonly entry: Entry
  readonly values: ByPicture
}

/** What the search took for one fold, from the pictures of the others. */
export interface FoldChoice {
  readonly fold: number
  readonly entry: EnsembleEntry
  /** Its worst margin over the best member on those pictures. */
  readonly margin: number
  /** Number of the best member on those pictures. */
  readonly best: number
}

export interface JunkRun {
  /** Undefined: what was selected for each picture's fold, without junk. */
  readonly entry: EnsembleEntry | undefined
  readonly junk: readonly JunkKind[]
  readonly values: ByPicture
}

export interface StudyExample {
  readonly title: string
  readonly picture: Pixels
  readonly maps: readonly { readonly label: string; readonly values: Float64Array; readonly dims: readonly number[] }[]
}

export interface EnsembleStudy {
  readonly preset: EnsemblePreset
  readonly model: { readonly name: string; readonly digest: string }
  readonly data: { readonly kind: 'photos' | 'generated'; readonly description: string }
  readonly labelled: number
  readonly correct: number
  readonly scored: readonly Mapped[]
  readonly members: readonly MemberSpec[]
  /** Every member, with its signs and without, in turn. */
  readonly rivals: readonly ScoredRun[]
  readonly controls: readonly ScoredRun[]
  readonly defaults: readonly ScoredRun[]
  /** The selected ensembles, each on the fold it was not selected on. */
  readonly selected: ByPicture
  readonly choices: readonly FoldChoice[]
  readonly searched: number
  readonly junk: readonly JunkRun[]
  readonly examples: readonly StudyExample[]
  readonly failed: readonly CellFailure[]
  readonly seed: number
  /** Of what was decided before scoring: sizes, members, candidates, defaults. */
  readonly design: string
  /** Of all plans. */
  readonly digest: string
}
