/** @file QLinear operators: dequantise, the float operator, quantise. */
import { attribute } from '../../attributes.js'
import type { PlainAttributes } from '../../build.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { without } from '../context.js'
import { dequantise, quantise } from './dequantise.js'
import type { Rewrite } from './index.js'

const input = (node: Node, index: number): string => node.inputs[index] ?? ''

/** The triple (value, scale, zero point) at `index`. */
const read = (node: Node, index: number, ctx: ConvertContext, axis?: number): string =>
  dequantise(input(node, index), input(node, index + 1), input(node, index + 2), ctx, axis)

/** Two operands, then the output's scale and zero point. */
const binary =
  (operator: string): Rewrite =>
  (node, ctx) =>
    quantise(
      ctx.emit(operator, [read(node, 0, ctx), read(node, 3, ctx)]),
      input(node, 6),
      input(node, 7),
      node.outputs,
      ctx,
      input(node, 0),
    )

/** One operand, then the output's scale and zero point. */
const unary =
  (compute: (x: string, node: Node, ctx: ConvertContext) => string): Rewrite =>
  (node, ctx) =>
    quantise(compute(read(node, 0, ctx), node, ctx), input(node, 3), input(node, 4), node.outputs, ctx, input(node, 0))

/** Runs a channels-first operator on a value whose channels are last, where the node says so. */
function channelsFirst(x: string, node: Node, ctx: ConvertContext, compute: (x: string) => string): string {
  if (attribute(node, 'channels_last', 'int', 0) === 0) return compute(x)
  const rank = ctx.rank(input(node, 0)) ?? 4
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i)
  const first = ctx.emit('Transpose', [x], { perm: [0, rank - 1, ...spatial.map(i => i + 1)] })
  return ctx.emit('Transpose', [compute(first)], { perm: [0, ...spatial.map(i => i + 2), 1] })
}

function softmax(x: string, node: Node, ctx: ConvertContext): string {
  const axis = attribute(node, 'axis', 'int', -1)
  if (attribute(node, 'opset', 'int', 13) >= 13 || axis === -1) return ctx.emit('Softmax', [x], { axis })
  const rows = ctx.emit('Softmax', [ctx.emit('Flatten', [x], { axis })], { axis: -1 })
  return ctx.emit('Reshape', [rows, ctx.emit('Shape', [x])])
}

/** The bias of an integer convolution or product counts in units of both scales together. */
const integerBias = (bias: string, scales: string, ctx: ConvertContext): string =>
  ctx.emit('DequantizeLinear', [bias, scales], { axis: 0 })

const convolution: Rewrite = (node, ctx) => {
  const operands = [read(node, 0, ctx), read(node, 3, ctx, 0)]
  if (input(node, 8)) operands.push(integerBias(input(node, 8), ctx.emit('Mul', [input(node, 1), input(node, 4)]), ctx))
  quantise(ctx.emit('Conv', operands, node.attributes as PlainAttributes), input(node, 6), input(node, 7), node.outputs, ctx)
}

const product: Rewrite = (node, ctx) => {
  const result = ctx.emit('MatMul', [read(node, 0, ctx, -2), read(node, 3, ctx, -1)])
  quantise(result, input(node, 6), input(node, 7), node.outputs, ctx)
}

/** com.microsoft QGemm: the output is float where no output scale is given. */
const gemm: Rewrite = (node, ctx) => {
  const alpha = attribute(node, 'alpha', 'float', 1)
  const [transA, transB] = [attribute(node, 'transA', 'int', 0), attribute(node, 'transB', 'int', 0)]
  const operands = [read(node, 0, ctx), read(node, 3, ctx, transB ? 0 : 1)]
  if (input(node, 6)) {
    const scales = ctx.emit('Mul', [input(node, 1), input(node, 4)])
    operands.push(integerBias(input(node, 6), alpha === 1 ? scales : ctx.emit('Mul', [scales, ctx.float(alpha)]), ctx))
  }
  const attributes = { alpha, transA, transB }
  if (!input(node, 7)) ctx.emitTo(node.outputs, 'Gemm', operands, attributes)
  else quantise(ctx.emit('Gemm', operands, attributes), input(node, 7), input(node, 8), node.outputs, ctx, input(node, 0))
}

const concat: Rewrite = (node, ctx) => {
  const parts: string[] = []
  for (let i = 2; i + 1 < node.inputs.length; i += 3) parts.push(read(node, i, ctx))
  const joined = ctx.emit('Concat', parts, { axis: attribute(node, 'axis', 'int', 1) })
  quantise(joined, input(node, 0), input(node, 1), node.outputs, ctx, input(node, 2))
}

const where: Rewrite = (node, ctx) =>
  quantise(
    ctx.emit('Where', [input(node, 0), read(node, 1, ctx), read(node, 4, ctx)]),
    input(node, 7),
    input(node, 8),
    node.outputs,
    ctx,
  )

/** ONNX Runtime's own Quantize and Dequantize came before ai.onnx had 16-bit and blocked forms; at the normal opset it has. */
const standard: Rewrite = (node, ctx) => ctx.emitTo(node.outputs, node.operator, node.inputs, node.attributes as PlainAttributes)

export const qlinearOperators: Readonly<Record<string, Rewrite>> = {
  QLinearConv: convolution,
  QLinearMatMul: product,
  'com.microsoft:QGemm': gemm,
  'com.microsoft:QLinearAdd': binary('Add'),
  'com.microsoft:QLinearMul': binary('Mul'),
  'com.microsoft:QLinearSigmoid': unary((x, _, ctx) => ctx.emit('Sigmoid', [x])),
  'com.microsoft:QLinearLeakyRelu': unary((x, node, ctx) =>
    ctx.emit('LeakyRelu', [x], { alpha: attribute(node, 'alpha', 'float', 0.01) }),
  ),
  'com.microsoft:QLinearSoftmax': unary(softmax),
  'com.microsoft:QLinearReduceMean': unary((x, node, ctx) =>
    ctx.emit('ReduceMean', [x, ctx.ints(attribute(node, 'axes', 'ints', []))], {
      keepdims: attribute(node, 'keepdims', 'int', 1),
    }),
  ),
  'com.microsoft:QLinearGlobalAveragePool': unary((x, node, ctx) =>
    channelsFirst(x, node, ctx, y => ctx.emit('GlobalAveragePool', [y])),
  ),
  'com.microsoft:QLinearAveragePool': unary((x, node, ctx) =>
    channelsFirst(x, node, ctx, y => ctx.emit('AveragePool', [y], without(node.attributes, 'channels_last') as PlainAttributes)),
  ),
  'com.microsoft:QLinearConcat': concat,
  'com.microsoft:QLinearWhere': where,
  'com.microsoft:QuantizeLinear': standard,
  'com.microsoft:DequantizeLinear': standard,
}
