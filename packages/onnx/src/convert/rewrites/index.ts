/** @file Operators rewritten at the normal opset: integer kernels as dequantised float operators, recurrent layouts, idle Dropout. */
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { dropoutOperators } from './dropout.js'
import { dynamicOperators } from './dynamic.js'
import { integerOperators } from './integer.js'
import { qlinearOperators } from './qlinear.js'
import { recurrentOperators } from './recurrent.js'

/** Emits what stands for the node; false where the node is already as the normal form wants it. */
export type Rewrite = (node: Node, ctx: ConvertContext) => unknown

/** By operator key. */
export const rewrites: Readonly<Record<string, Rewrite>> = {
  ...qlinearOperators,
  ...integerOperators,
  ...dynamicOperators,
  ...recurrentOperators,
  ...dropoutOperators,
}
