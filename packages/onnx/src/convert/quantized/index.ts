/** @file Integer kernels as dequantised float operators, by operator key. */
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'

export type QuantizedConverter = (node: Node, ctx: ConvertContext) => void

export const quantizedOperators: Readonly<Record<string, QuantizedConverter>> = {}
