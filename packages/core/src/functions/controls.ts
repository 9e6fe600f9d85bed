/** @file Controls: methods as functions, and their options. */
import type { GradCamOptions } from './activation-maps.js'
import { type MethodOptions, methodFunction } from './method-function.js'

/** Sigma as a share of height and width for `centre`, in pixels for `blurredCopy`. */
export interface SigmaOptions extends MethodOptions {
  readonly sigma?: number
}

export const randomCam = methodFunction<GradCamOptions>('random-cam')
export const random = methodFunction('random')
export const uniform = methodFunction('uniform')
export const edges = methodFunction('edges')
export const centre = methodFunction<SigmaOptions>('centre')
export const blurredCopy = methodFunction<SigmaOptions>('blurred-copy')
