/** @file Quantisation whose scale is computed from the values at run time. */
import { dataTypes } from '../../dtype.js'
import type { ConvertContext } from '../context.js'
import { dequantise } from './dequantise.js'
import type { Rewrite } from './index.js'

/** Scaled by this, every float32 above 1e-11 is a whole number, so that Floor changes nothing. */
const whole = 2 ** 60

/**
 * Scale and zero point of an 8-bit range that holds x and 0: scale = (max - min) / 255 (1 where x is all zeros),
 * zero = round(-min / scale). The scale passes through a Floor that is the identity on it: its derivative is zero, so the
 * straight-through gradient of quantisation does not also flow through the range.
 */
function parameters(x: string, ctx: ConvertContext): { scale: string; zero: string } {
  const none = ctx.float(0)
  const low = ctx.emit('Min', [ctx.emit('ReduceMin', [x], { keepdims: 0 }), none])
  const high = ctx.emit('Max', [ctx.emit('ReduceMax', [x], { keepdims: 0 }), none])
  const width = ctx.emit('Sub', [high, low])
  const ratio = ctx.emit('Div', [width, ctx.float(255)])
  const floored = ctx.emit('Mul', [ctx.emit('Floor', [ctx.emit('Mul', [ratio, ctx.float(whole)])]), ctx.float(1 / whole)])
  const scale = ctx.emit('Where', [ctx.emit('Equal', [width, none]), ctx.float(1), floored])
  const shifted = ctx.emit('Clip', [ctx.emit('Div', [ctx.emit('Neg', [low]), scale]), none, ctx.float(255)])
  return { scale, zero: ctx.emit('Cast', [ctx.emit('Round', [shifted])], { to: dataTypes.uint8.code }) }
}

export const dynamicOperators: Readonly<Record<string, Rewrite>> = {
  DynamicQuantizeLinear(node, ctx) {
    const [x] = node.inputs as [string]
    const { scale, zero } = parameters(x, ctx)
    const [y, yScale, yZero] = node.outputs
    if (y) ctx.emitTo([y], 'QuantizeLinear', [x, scale, zero])
    if (yScale) ctx.emitTo([yScale], 'Identity', [scale])
    if (yZero) ctx.emitTo([yZero], 'Identity', [zero])
  },
  'com.microsoft:DynamicQuantizeMatMul'(node, ctx) {
    const [a, b, bScale, bZero = '', bias = ''] = node.inputs as string[]
    const { scale, zero } = parameters(a!, ctx)
    const rounded = ctx.emit('DequantizeLinear', [ctx.emit('QuantizeLinear', [a!, scale, zero]), scale, zero])
    const operands = [rounded, dequantise(b!, bScale!, bZero, ctx, -1)]
    if (bias) ctx.emitTo(node.outputs, 'Add', [ctx.emit('MatMul', operands), bias])
    else ctx.emitTo(node.outputs, 'MatMul', operands)
  },
}
