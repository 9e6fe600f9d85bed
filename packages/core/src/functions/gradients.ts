/** @file Gradients: methods as functions, and their options. */
import { type MethodOptions, methodFunction } from './method-function.js'

export interface GradientOptions extends MethodOptions {
  readonly absolute?: boolean
}

export interface BetaSmoothOptions extends MethodOptions {
  readonly beta?: number
}

export interface SmoothGradOptions extends MethodOptions {
  readonly samples?: number
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly form?: 'mean' | 'squared' | 'variance' | 'unbiased-variance'
  readonly variant?: 'ascribe' | 'captum' | 'pair'
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface NoiseTunnelOptions extends MethodOptions {
  readonly of?: string
  readonly draw?: boolean
  readonly samples?: number
  readonly noise?: number
  readonly scale?: 'range' | 'absolute'
  readonly form?: 'mean' | 'squared' | 'variance' | 'unbiased-variance'
  readonly variant?: 'ascribe' | 'captum' | 'pair'
  readonly [inner: `of.${string}`]: unknown
}

/** Options of the method `of` are given as `'of.NAME'`. */
export interface AugmentationSmoothingOptions extends MethodOptions {
  readonly of?: string
  readonly [inner: `of.${string}`]: unknown
}

export const gradient = methodFunction<GradientOptions>('gradient')
export const inputXGradient = methodFunction('input-x-gradient')
export const smoothGrad = methodFunction<SmoothGradOptions>('smooth-grad')
export const noiseTunnel = methodFunction<NoiseTunnelOptions>('noise-tunnel')
export const guidedBackprop = methodFunction('guided-backprop')
export const betaSmooth = methodFunction<BetaSmoothOptions>('beta-smooth')
export const deconvnet = methodFunction('deconvnet')
export const activation = methodFunction('activation')
export const augmentationSmoothing = methodFunction<AugmentationSmoothingOptions>('augmentation-smoothing')
