/** @file Paths: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import type { Segments } from '../segments/segments.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface IntegratedGradientsOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
  readonly multiply?: boolean
  readonly tolerance?: number
  readonly maxPoints?: number
  readonly variant?: 'ascribe' | 'captum' | 'pair'
}

export interface ExpectedGradientsOptions extends MethodOptions {
  readonly samples?: number
  readonly baseline?: Baseline
  readonly sampling?: 'stratified' | 'independent'
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly multiply?: boolean
  readonly variant?: 'ascribe' | 'captum' | 'shap'
}

export interface BlurIgOptions extends MethodOptions {
  readonly points?: number
  readonly maxSigma?: number
  readonly rule?: string
  readonly edge?: 'zeros' | 'reflect'
  readonly variant?: 'ascribe' | 'pair' | 'pair-sqrt'
}

export interface GuidedIgOptions extends MethodOptions {
  readonly points?: number
  readonly fraction?: number
  readonly maxDistance?: number
  readonly baseline?: Baseline
  readonly variant?: 'ascribe' | 'pair'
}

export interface IdgOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface XraiOptions extends MethodOptions {
  readonly of?: string
  readonly mode?: 'full' | 'fast'
  readonly segments?: Segments
  readonly scales?: string
  readonly sigma?: number
  readonly least?: number
  readonly dilation?: number
  readonly difference?: number
  readonly size?: number
  readonly [inner: `of.${string}`]: unknown
}

export interface TsSaliencyOptions extends MethodOptions {
  readonly points?: number
  readonly directions?: number
  readonly step?: number
  readonly baseline?: Baseline
}

export interface DiscretisedIgOptions extends MethodOptions {
  readonly points?: number
  readonly strategy?: 'greedy' | 'maxcount'
  readonly refine?: number
  readonly neighbours?: number
  readonly baseline?: Baseline
}

export interface SequentialIgOptions extends MethodOptions {
  readonly points?: number
  readonly rule?: string
  readonly baseline?: Baseline
}

export interface ConductanceOptions extends MethodOptions {
  readonly layer?: string
  readonly points?: number
  readonly baseline?: Baseline
}

export interface InternalInfluenceOptions extends MethodOptions {
  readonly layer?: string
  readonly points?: number
  readonly baseline?: Baseline
  readonly rule?: string
}

export interface NeuronConductanceOptions extends MethodOptions {
  readonly layer?: string
  readonly neuron?: string
  readonly points?: number
  readonly baseline?: Baseline
  readonly rule?: string
}

export const integratedGradients = methodFunction<IntegratedGradientsOptions>('integrated-gradients')
export const expectedGradients = methodFunction<ExpectedGradientsOptions>('expected-gradients')
export const blurIg = methodFunction<BlurIgOptions>('blur-ig')
export const guidedIg = methodFunction<GuidedIgOptions>('guided-ig')
export const idg = methodFunction<IdgOptions>('idg')
export const xrai = methodFunction<XraiOptions>('xrai')
export const discretisedIg = methodFunction<DiscretisedIgOptions>('discretised-ig')
export const tsSaliency = methodFunction<TsSaliencyOptions>('ts-saliency')
export const sequentialIg = methodFunction<SequentialIgOptions>('sequential-ig')
export const conductance = methodFunction<ConductanceOptions>('conductance')
export const internalInfluence = methodFunction<InternalInfluenceOptions>('internal-influence')
export const neuronConductance = methodFunction<NeuronConductanceOptions>('neuron-conductance')
