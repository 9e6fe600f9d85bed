/** @file RMS and layer normalisation, and the fused forms of them, in elementary operators. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import type { Decompositions } from './index.js'

/** x / sqrt(mean(x^2 over the axes from `axis` on) + epsilon), and the factor 1 / sqrt(...). */
function rms(x: string, axis: number, epsilon: number, ctx: ConvertContext): { normal: string; inverse: string } {
  let axes = [axis]
  if (axis !== -1) {
    const rank = ctx.rank(x)
    if (axis >= 0 && rank === undefined) ctx.fail('needs the rank of its input to be known')
    const from = axis < 0 ? axis : axis - rank!
    axes = Array.from({ length: -from }, (_, i) => from + i)
  }
  const mean = ctx.emit('ReduceMean', [ctx.emit('Mul', [x, x]), ctx.ints(axes)], { keepdims: 1 })
  const inverse = ctx.emit('Reciprocal', [ctx.emit('Sqrt', [ctx.emit('Add', [mean, ctx.float(epsilon)])])])
  return { normal: ctx.emit('Mul', [x, inverse]), inverse }
}

/** ai.onnx RMSNormalization and SimplifiedLayerNormalization. */
export function rmsNormalization(node: Node, ctx: ConvertContext): undefined {
  const [x, scale] = node.inputs as [string, string]
  const { normal, inverse } = rms(x, attribute(node, 'axis', 'int', -1), attribute(node, 'epsilon', 'float', 1e-5), ctx)
  ctx.emitTo([node.outputs[0]!], 'Mul', [normal, scale])
  if (node.outputs[1]) ctx.emitTo([node.outputs[1]], 'Identity', [inverse])
}

/** x + skip (+ bias), normalised; the sum is the last output. */
function skip(node: Node, ctx: ConvertContext, bias: string, normalised: (sum: string) => void): void {
  const [x, other] = node.inputs as [string, string]
  const sum = ctx.emit('Add', [x, other])
  const total = bias ? ctx.emit('Add', [sum, bias]) : sum
  normalised(total)
  if (node.outputs[3]) ctx.emitTo([node.outputs[3]], 'Identity', [total])
}

/** (x - mean) / (sqrt(mean(x^2) - mean(x)^2) + 1e-9). */
function meanVariance(node: Node, ctx: ConvertContext): void {
  const [x] = node.inputs as [string]
  const axes = ctx.ints(attribute(node, 'axes', 'ints', [0, 2, 3]))
  const mean = ctx.emit('ReduceMean', [x, axes], { keepdims: 1 })
  const centred = ctx.emit('Sub', [x, mean])
  const variance = ctx.emit('ReduceMean', [ctx.emit('Mul', [centred, centred]), axes], { keepdims: 1 })
  ctx.emitTo(node.outputs, 'Div', [centred, ctx.emit('Add', [ctx.emit('Sqrt', [variance]), ctx.float(1e-9)])])
}

export const normalisationDecompositions: Decompositions = {
  SimplifiedLayerNormalization: rmsNormalization,
  MeanVarianceNormalization: meanVariance,
  'com.microsoft:SkipLayerNormalization'(node, ctx) {
    const [, , gamma, beta = '', bias = ''] = node.inputs as string[]
    const epsilon = attribute(node, 'epsilon', 'float', 1e-12)
    skip(node, ctx, bias, sum => {
      const outputs = node.outputs.slice(0, 3)
      while (outputs.at(-1) === '') outputs.pop()
      ctx.emitTo(outputs, 'LayerNormalization', [sum, gamma!, beta], { axis: -1, epsilon })
    })
  },
  'com.microsoft:SkipSimplifiedLayerNormalization'(node, ctx) {
    const [, , gamma, bias = ''] = node.inputs as string[]
    skip(node, ctx, bias, sum => {
      const { normal, inverse } = rms(sum, -1, attribute(node, 'epsilon', 'float', 1e-12), ctx)
      if (node.outputs[0]) ctx.emitTo([node.outputs[0]], 'Mul', [normal, gamma!])
      if (node.outputs[2]) ctx.emitTo([node.outputs[2]], 'Identity', [inverse])
    })
  },
  /** Channels last by default, with SiLU where activation is 1. */
  'com.microsoft:GroupNorm'(node, ctx) {
    const [x, gamma, beta] = node.inputs as [string, string, string]
    const last = attribute(node, 'channels_last', 'int', 1) === 1
    const first = last ? ctx.emit('Transpose', [x], { perm: [0, 3, 1, 2] }) : x
    const attributes = { num_groups: attribute(node, 'groups', 'int', 32), epsilon: attribute(node, 'epsilon', 'float', 1e-5) }
    let result = ctx.emit('GroupNormalization', [first, gamma, beta], attributes)
    if (attribute(node, 'activation', 'int', 0) === 1) result = ctx.emit('Mul', [result, ctx.emit('Sigmoid', [result])])
    if (last) ctx.emitTo(node.outputs, 'Transpose', [result], { perm: [0, 2, 3, 1] })
    else ctx.emitTo(node.outputs, 'Identity', [result])
  },
}
