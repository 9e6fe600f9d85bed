/** @file Trees: methods as functions, and their options. */
import type { Baseline } from '../baseline.js'
import { type MethodOptions, methodFunction } from './method-function.js'

/** Of treeShap and treeShapInteractions. */
export interface TreeShapOptions extends MethodOptions {
  readonly background?: Baseline
  readonly game?: 'auto' | 'interventional' | 'path-dependent'
}

export interface SaabasOptions extends MethodOptions {
  readonly background?: Baseline
}

export const treeShap = methodFunction<TreeShapOptions>('tree-shap')
export const treeShapInteractions = methodFunction<TreeShapOptions>('tree-shap-interactions')
export const saabas = methodFunction<SaabasOptions>('saabas')
