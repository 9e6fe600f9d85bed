/** @file Perturbation: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import type { Segments } from '../segments/segments.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface OcclusionOptions extends MethodOptions {
  readonly window?: number | string
  readonly stride?: number | string
  readonly baseline?: Baseline
  readonly overlap?: 'mean' | 'sum'
  readonly incremental?: 'auto' | 'on' | 'off'
}

export interface RiseOptions extends MethodOptions {
  readonly masks?: number
  readonly cells?: number
  readonly probability?: number
  readonly baseline?: Baseline
  readonly normalise?: 'paper' | 'coverage'
}

export interface DRiseOptions extends MethodOptions {
  readonly boxes?: string
  readonly scores?: string
  readonly objectness?: string
  readonly format?: 'xyxy' | 'cxcywh' | 'yxyx'
  readonly order?: 'boxes-first' | 'numbers-first'
  readonly activation?: 'none' | 'sigmoid' | 'softmax'
  readonly detection?: number | string
  readonly class?: number | string
  /** Four numbers with commas between, in the model's format. */
  readonly box?: string
  readonly masks?: number
  readonly cells?: number
  readonly probability?: number
  readonly baseline?: Baseline
}

export interface SobolOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly estimator?: 'jansen' | 'janon' | 'homma' | 'glen' | 'saltelli'
  readonly sequence?: 'sobol' | 'halton' | 'latin-hypercube' | 'random'
}

export interface HsicOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly kernel?: 'binary' | 'rbf' | 'sobolev'
  readonly sequence?: 'sobol' | 'halton' | 'latin-hypercube' | 'random'
}

export interface MeaningfulPerturbationOptions extends MethodOptions {
  readonly iterations?: number
  readonly rate?: number
  readonly sparsity?: number
  readonly smoothness?: number
  readonly power?: number
  readonly sigma?: number
  readonly cell?: number
  readonly smooth?: number
  readonly jitter?: number
}

export interface ExtremalPerturbationOptions extends MethodOptions {
  /** Shares of the picture, with commas between. */
  readonly areas?: number | string
  readonly variant?: 'preserve' | 'delete' | 'dual'
  readonly iterations?: number
  readonly levels?: number
  readonly blur?: number
  readonly step?: number
  readonly sigma?: number
  readonly rate?: number
  readonly momentum?: number
  readonly penalty?: number
  readonly growth?: number
  readonly flip?: boolean
}

export interface FeatureAblationOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
}

export interface FeaturePermutationOptions extends MethodOptions {
  readonly segments?: Segments
  readonly data?: Baseline
  readonly samples?: number
}

export interface LimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly probability?: number
  readonly distance?: 'cosine' | 'euclidean'
  readonly width?: number
  readonly penalty?: 'ridge' | 'lasso'
  readonly alpha?: number
  readonly variant?: 'ascribe' | 'lime' | 'captum'
}

export interface GlimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly width?: number
  readonly alpha?: number
}

export interface NormLimeOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly data?: Baseline
  readonly samples?: number
  readonly probability?: number
  readonly distance?: 'cosine' | 'euclidean'
  readonly width?: number
  readonly penalty?: 'ridge' | 'lasso'
  readonly alpha?: number
}

export const occlusion = methodFunction<OcclusionOptions>('occlusion')
export const rise = methodFunction<RiseOptions>('rise')
export const dRise = methodFunction<DRiseOptions>('d-rise')
export const sobol = methodFunction<SobolOptions>('sobol')
export const hsic = methodFunction<HsicOptions>('hsic')
export const meaningfulPerturbation = methodFunction<MeaningfulPerturbationOptions>('meaningful-perturbation')
export const extremalPerturbation = methodFunction<ExtremalPerturbationOptions>('extremal-perturbation')
export const featureAblation = methodFunction<FeatureAblationOptions>('feature-ablation')
export const featurePermutation = methodFunction<FeaturePermutationOptions>('feature-permutation')
export const lime = methodFunction<LimeOptions>('lime')
export const glime = methodFunction<GlimeOptions>('glime')
export const normLime = methodFunction<NormLimeOptions>('norm-lime')
