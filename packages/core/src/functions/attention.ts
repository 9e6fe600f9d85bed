/** @file Attention: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface AttentionMapsOptions extends MethodOptions {
  /** A layer from 0, or `last`. */
  readonly layer?: number | string
  /** `mean`, `max`, `min`, or one head from 0. */
  readonly heads?: number | string
  readonly query?: number | string
}

/** Of attentionRollout and gradientRollout. */
export interface RolloutOptions extends MethodOptions {
  readonly heads?: 'mean' | 'max' | 'min'
  readonly discard?: number
  readonly start?: number
  readonly query?: number | string
}

export interface CheferOptions extends MethodOptions {
  readonly preset?: string
  readonly start?: number
  readonly query?: number | string
}

export interface CheferGenericOptions extends MethodOptions {
  readonly start?: number
  readonly query?: number | string
}

export interface TransitionAttentionMapsOptions extends MethodOptions {
  readonly start?: number
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly query?: number | string
}

export interface BidirectionalOptions extends MethodOptions {
  readonly perception?: 'head' | 'token'
  readonly start?: number
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly query?: number | string
}

export interface ValueZeroingOptions extends MethodOptions {
  /** `all`, or one layer from 0. */
  readonly layer?: number | string
  readonly query?: number | string
}

export interface GraphAttentionOptions extends MethodOptions {
  readonly reduce?: 'max' | 'mean' | 'min'
}

export const attentionMaps = methodFunction<AttentionMapsOptions>('attention-maps')
export const attentionRollout = methodFunction<RolloutOptions>('attention-rollout')
export const gradientRollout = methodFunction<RolloutOptions>('gradient-rollout')
export const chefer = methodFunction<CheferOptions>('chefer')
export const cheferGeneric = methodFunction<CheferGenericOptions>('chefer-generic')
export const transitionAttentionMaps = methodFunction<TransitionAttentionMapsOptions>('transition-attention-maps')
export const bidirectional = methodFunction<BidirectionalOptions>('bidirectional')
export const graphAttention = methodFunction<GraphAttentionOptions>('graph-attention')
export const valueZeroing = methodFunction<ValueZeroingOptions>('value-zeroing')
