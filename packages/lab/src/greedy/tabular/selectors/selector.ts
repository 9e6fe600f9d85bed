/** @file The shape of a way to order columns. */
import type { OptionSpecs, Options } from '@ascribe/core'
import type { TabularData } from '../data/tabular-data.js'
import type { MaskProgram } from '../model/mask-program.js'

export interface SelectorContext {
  readonly data: TabularData
  /** The frozen model over the training data's mask space. Selectors without `model` do not use it. */
  readonly program: MaskProgram
  /** Another baseline than the study's, for the ablation of baselines. */
  readonly programFor: (baseline: string) => MaskProgram
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface Selection {
  /** Columns, best first. */
  readonly order: readonly number[]
  /** What each column was ordered by, by column; of different rounds they do not compare. */
  readonly scores: readonly number[]
}

/** Orders the columns of a table by what they are worth to a model (or to a label), from training rows alone. */
export interface Selector {
  readonly name: string
  readonly summary: string
  readonly citation: string
  readonly options: OptionSpecs
  /** Whether it asks the model, or only the rows and labels. */
  readonly model: boolean
  /** Whether the seed decides anything. */
  readonly draws: boolean
  /** Rows of the training set passed forward, and forward and backward, in multiples of the set. */
  readonly cost: (columns: number, options: Options) => { readonly forwards: number; readonly gradients: number }
  readonly select: (context: SelectorContext, options: Options) => Promise<Selection>
}

/** Columns by score, highest first, equal ones in their own order. */
export const byScore = (scores: ArrayLike<number>): Selection => ({
  order: Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b),
  scores: Array.from(scores),
})

export const paper = 'Axiotis, Abu-al-haija, Chen, Fahrbach, Fu: Greedy PIG: Adaptive Integrated Gradients, 2023'
