/** @file Shapley values: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import type { Hierarchy } from '../segments/hierarchy.js'
import type { Segments } from '../segments/segments.js'
import { type MethodOptions, methodFunction } from './method-function.js'
import type { FeatureAblationOptions } from './perturbation.js'

export interface ExactShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly most?: number
}

/** Of kernelShap and samplingShapley. */
export interface SampledShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
}

export interface OwenOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly samples?: number
  readonly hierarchy?: Hierarchy
}

export interface PermutationShapleyOptions extends MethodOptions {
  readonly segments?: Segments
  readonly baseline?: Baseline
  readonly orders?: number
  readonly antithetic?: boolean
}

export interface LinearShapOptions extends MethodOptions {
  readonly baseline?: Baseline
  readonly correlated?: boolean
  readonly orders?: number
}

export const kernelShap = methodFunction<SampledShapleyOptions>('kernel-shap')
export const exactShapley = methodFunction<ExactShapleyOptions>('exact-shapley')
export const permutationShapley = methodFunction<PermutationShapleyOptions>('permutation-shapley')
export const samplingShapley = methodFunction<SampledShapleyOptions>('sampling-shapley')
export const owen = methodFunction<OwenOptions>('owen')
export const linearShap = methodFunction<LinearShapOptions>('linear-shap')
export const additiveShap = methodFunction<FeatureAblationOptions>('additive-shap')
