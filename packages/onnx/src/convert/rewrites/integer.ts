/** @file Integer products and convolutions whose scales are applied by the nodes around them. */
import { attribute } from '../../attributes.js'
import type { PlainAttributes } from '../../build.js'
import { centred, dequantise, integerResult } from './dequantise.js'
import type { Rewrite } from './index.js'

export const integerOperators: Readonly<Record<string, Rewrite>> = {
  ConvInteger(node, ctx) {
    const [x, w, xZero = '', wZero = ''] = node.inputs as [string, string, string?, string?]
    const result = ctx.emit('Conv', [centred(x, xZero, ctx, 1), centred(w, wZero, ctx, 0)], node.attributes as PlainAttributes)
    integerResult(result, node.outputs[0]!, ctx)
  },
  MatMulInteger(node, ctx) {
    const [a, b, aZero = '', bZero = ''] = node.inputs as [string, string, string?, string?]
    integerResult(ctx.emit('MatMul', [centred(a, aZero, ctx, -2), centred(b, bZero, ctx, -1)]), node.outputs[0]!, ctx)
  },
  'com.microsoft:MatMulIntegerToFloat'(node, ctx) {
    const [a, b, aScale, bScale, aZero = '', bZero = '', bias = ''] = node.inputs as string[]
    const operands = [dequantise(a!, aScale!, aZero, ctx), dequantise(b!, bScale!, bZero, ctx, -1)]
    if (bias) ctx.emitTo(node.outputs, 'Add', [ctx.emit('MatMul', operands), bias])
    else ctx.emitTo(node.outputs, 'MatMul', operands)
  },
  'com.microsoft:QAttention'(node, ctx) {
    const [x, w, bias, xScale, wScale, mask = '', xZero = '', wZero = '', past = ''] = node.inputs as string[]
    if (attribute(node, 'do_rotary', 'int', 0)) ctx.fail('with rotary embedding is not known')
    const operands = [dequantise(x!, xScale!, xZero, ctx), dequantise(w!, wScale!, wZero, ctx, 1), bias!, mask, past]
    ctx.emitTo(node.outputs, 'com.microsoft:Attention', operands, node.attributes as PlainAttributes)
  },
}
