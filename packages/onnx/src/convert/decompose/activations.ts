/** @file Fused activations of com.microsoft as standard operators. */
import { attribute } from '../../attributes.js'
import type { Decompositions } from './index.js'

export const activationDecompositions: Decompositions = {
  'com.microsoft:Gelu'(node, ctx) {
    ctx.emitTo(node.outputs, 'Gelu', [node.inputs[0]!])
  },
  'com.microsoft:FastGelu'(node, ctx) {
    const [x, bias = ''] = node.inputs as [string, string?]
    ctx.emitTo(node.outputs, 'Gelu', [bias ? ctx.emit('Add', [x, bias]) : x], { approximate: 'tanh' })
  },
  'com.microsoft:BiasGelu'(node, ctx) {
    ctx.emitTo(node.outputs, 'Gelu', [ctx.emit('Add', node.inputs)])
  },
  /** x sigmoid(alpha x). */
  'com.microsoft:QuickGelu'(node, ctx) {
    const [x] = node.inputs as [string]
    const scaled = ctx.emit('Mul', [x, ctx.float(attribute(node, 'alpha', 'float', 1.702))])
    ctx.emitTo(node.outputs, 'Mul', [x, ctx.emit('Sigmoid', [scaled])])
  },
  /** Halves a, b of x + bias along the last axis: a gelu(b). */
  'com.microsoft:BiasSplitGelu'(node, ctx) {
    const [a, b] = ctx.emitAll('Split', [ctx.emit('Add', node.inputs)], 2, { axis: -1, num_outputs: 2 }) as [string, string]
    ctx.emitTo(node.outputs, 'Mul', [a, ctx.emit('Gelu', [b])])
  },
  'com.microsoft:BiasAdd'(node, ctx) {
    const [x, bias, skip] = node.inputs as [string, string, string]
    ctx.emitTo(node.outputs, 'Add', [ctx.emit('Add', [x, bias]), skip])
  },
}
