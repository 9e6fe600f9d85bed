/** @file What an ensemble study found. */
import type { Pixels } from '@ascribe/core'
import type { Twist } from '../greedy/image/entry.js'
import type { CellFailure } from '../runner/index.js'
import type { EnsembleEntry, Entry } from './entry.js'
import type { MaskOnlyValue, ScoreValue } from './identity.js'
import type { JunkKind } from './junk.js'
import type { MemberSpec } from './members.js'
import type { EnsemblePreset } from './presets.js'
import type { Mapped } from './session.js'
import type { Wanted } from './stages/full-scores.js'

/** Values by picture. */
export type ByPicture = ReadonlyMap<string, ScoreValue>

export interface ScoredRun {
  readonly entry: Entry
  readonly values: ByPicture
}

/** What was found for one fold, from pictures of the others. */
export interface FoldPick {
  readonly entry: EnsembleEntry
  /** Its worst margin over the best member on those pictures. */
  readonly margin: number
}

/** What the search took for one fold, from the pictures of the others. */
export interface FoldChoice extends FoldPick {
  readonly fold: number
  /** What forward selection took. */
  readonly forward: FoldPick
  /** Numbers of the members on those pictures, from the best to the worst. */
  readonly ranked: readonly number[]
}

export interface JunkRun {
  readonly wanted: Wanted
  /** None: the ensemble that the others are compared with. */
  readonly junk: readonly JunkKind[]
  /** Members beside the worthless ones, from the first on. */
  readonly members: number
  readonly values: ByPicture
}

/** Members and ensembles on maps that should find nothing; of a wrong class, values are of that class. */
export interface TwistRun {
  readonly twist: Twist
  readonly wanted: Wanted
  readonly values: ByPicture
}

export interface MaskOnlyRun {
  readonly wanted: Wanted
  readonly values: ReadonlyMap<string, MaskOnlyValue>
}

/** Everything that is scored on all pictures, by one predictor. */
export interface StudyScores {
  /** Every member, with its signs and without, in turn. */
  readonly rivals: readonly ScoredRun[]
  readonly controls: readonly ScoredRun[]
  readonly defaults: readonly ScoredRun[]
  /** The selected ensembles, each on the fold it was not selected on. */
  readonly selected: ByPicture
  /** The same of forward selection. */
  readonly forward: ByPicture
}

export interface StudyExample {
  readonly title: string
  readonly picture: Pixels
  readonly maps: readonly { readonly label: string; readonly values: Float64Array; readonly dims: readonly number[] }[]
}

export interface EnsembleStudy {
  readonly preset: EnsemblePreset
  readonly model: { readonly name: string; readonly digest: string }
  /** Agreement: share of all pictures on which it answers as the model does. */
  readonly twin?: { readonly name: string; readonly digest: string; readonly agreement: number }
  readonly data: { readonly kind: 'photos' | 'generated'; readonly description: string }
  readonly labelled: number
  readonly correct: number
  readonly scored: readonly Mapped[]
  readonly members: readonly MemberSpec[]
  /** By the twin where there is one, else by the model. */
  readonly scores: StudyScores
  /** By the model, on the first pictures, where the twin scores first. */
  readonly beside?: StudyScores
  readonly choices: readonly FoldChoice[]
  readonly searched: number
  readonly junk: readonly JunkRun[]
  readonly twists: readonly TwistRun[]
  readonly maskOnly: readonly MaskOnlyRun[]
  readonly examples: readonly StudyExample[]
  readonly failed: readonly CellFailure[]
  readonly seed: number
  /** Of what was decided before scoring: sizes, members, candidates, defaults. */
  readonly design: string
  /** Of all plans. */
  readonly digest: string
}
