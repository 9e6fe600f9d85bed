/** @file Relevance: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface DeepliftOptions extends MethodOptions {
  readonly baseline?: Baseline
  readonly rule?: 'rescale' | 'reveal-cancel'
  readonly multiply?: boolean
}

export interface DeepliftShapOptions extends MethodOptions {
  readonly samples?: number
  readonly baseline?: Baseline
  readonly rule?: 'rescale' | 'reveal-cancel'
  readonly multiply?: boolean
}

export interface LrpOptions extends MethodOptions {
  readonly preset?: string
  readonly epsilon?: number
  /** `first:z-box;Conv:gamma=0.5`: before the rules of the preset. */
  readonly rules?: string
  readonly gamma?: number
  readonly bias?: boolean
  /** Bounds of the input's values, or one per channel with commas between. */
  readonly low?: number | string
  readonly high?: number | string
}

export const lrp = methodFunction<LrpOptions>('lrp')
export const deeplift = methodFunction<DeepliftOptions>('deeplift')
export const deepliftShap = methodFunction<DeepliftShapOptions>('deeplift-shap')
