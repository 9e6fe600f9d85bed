/** @file Greedy selection: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import type { Segments } from '../segments/segments.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface GreedyPigOptions extends MethodOptions {
  /** The method that each round asks; its own options are given as `of.NAME`. */
  readonly of?: string
  readonly perRound?: number
  readonly rounds?: number
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly [inner: `of.${string}`]: unknown
}

export interface GreedyGainOptions extends MethodOptions {
  readonly perRound?: number
  readonly rounds?: number
  readonly segments?: Segments
  readonly baseline?: Baseline
}

export const greedyPig = methodFunction<GreedyPigOptions>('greedy-pig')
export const greedyGain = methodFunction<GreedyGainOptions>('greedy-gain')
