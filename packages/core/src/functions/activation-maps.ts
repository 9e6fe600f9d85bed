/** @file Class activation maps: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import { type MethodOptions, methodFunction } from './method-function.js'

export interface GradCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
}

export interface GradCamPlusPlusOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly variant?: 'ascribe' | 'pytorch-grad-cam' | 'xplique'
}

export interface ScoreCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly baseline?: Baseline
}

export interface AblationCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly divide?: 'magnitude' | 'value' | 'nothing'
}

export interface EigenCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly centre?: boolean
}

export interface FullGradOptions extends MethodOptions {
  readonly absolute?: boolean
  readonly rescale?: boolean
}

export interface FemOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly channels?: 'sum' | 'principal' | 'each'
  readonly k?: number
  readonly variant?: 'ascribe' | 'pytorch-grad-cam'
}

export interface KpcaCamOptions extends MethodOptions {
  readonly layer?: string
  readonly relu?: boolean
  readonly kernel?: 'sigmoid' | 'rbf' | 'polynomial' | 'linear'
  readonly gamma?: number
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface FinerCamOptions extends MethodOptions {
  readonly of?: string
  readonly alpha?: number
  readonly references?: number
  readonly [inner: `of.${string}`]: unknown
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface RefineCamOptions extends MethodOptions {
  readonly of?: string
  readonly layers?: string
  readonly [inner: `of.${string}`]: unknown
}

export interface GuidedGradCamOptions extends MethodOptions {
  readonly layer?: string
  readonly interpolation?: 'bilinear' | 'nearest'
}

export const gradCam = methodFunction<GradCamOptions>('grad-cam')
export const guidedGradCam = methodFunction<GuidedGradCamOptions>('guided-grad-cam')
export const gradCamPlusPlus = methodFunction<GradCamPlusPlusOptions>('grad-cam-plus-plus')
export const xgradCam = methodFunction<GradCamOptions>('xgrad-cam')
export const layerCam = methodFunction<GradCamOptions>('layer-cam')
export const hiresCam = methodFunction<GradCamOptions>('hires-cam')
export const elementwiseGradCam = methodFunction<GradCamOptions>('elementwise-grad-cam')
export const scoreCam = methodFunction<ScoreCamOptions>('score-cam')
export const ablationCam = methodFunction<AblationCamOptions>('ablation-cam')
export const eigenCam = methodFunction<EigenCamOptions>('eigen-cam')
export const eigenGradCam = methodFunction<EigenCamOptions>('eigen-grad-cam')
export const fullGrad = methodFunction<FullGradOptions>('full-grad')
export const fem = methodFunction<FemOptions>('fem')
export const segEigenCam = methodFunction<GradCamOptions>('seg-eigen-cam')
export const kpcaCam = methodFunction<KpcaCamOptions>('kpca-cam')
export const shapleyCam = methodFunction<GradCamOptions>('shapley-cam')
export const finerCam = methodFunction<FinerCamOptions>('finer-cam')
export const refineCam = methodFunction<RefineCamOptions>('refine-cam')
