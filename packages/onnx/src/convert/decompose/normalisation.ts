/** @file RMS and layer normalisation, and the fused forms of them, in elementary operators. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'

/** x / sqrt(mean(x^2 over the axes from `axis` on) + epsilon), and the factor 1 / sqrt(...). */
export function rms(x: string, axis: number, epsilon: number, ctx: ConvertContext): { normal: string; inverse: string } {
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
