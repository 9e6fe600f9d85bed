/** @file Operators of opset 22 to 26 written in those of the normal form's opset. */
import { attribute } from '../../attributes.js'
import { normalOpset } from '../../graph.js'
import { attention } from '../decompose/attention.js'
import { cumulativeProduct, tensorScatter } from '../decompose/newer.js'
import { rmsNormalization } from '../decompose/normalisation.js'
import { rotaryEmbedding } from '../decompose/rotary.js'
import { changed, type VersionStep } from '../step.js'

const newer = (operator: string, from: number, convert: VersionStep['convert']): VersionStep => ({
  operator,
  from,
  to: normalOpset,
  convert,
})

export const newerSteps: readonly VersionStep[] = [
  newer('Attention', 26, attention),
  newer('RMSNormalization', 26, rmsNormalization),
  newer('RotaryEmbedding', 26, rotaryEmbedding),
  newer('TensorScatter', 26, tensorScatter),
  newer('CumProd', 26, cumulativeProduct),
  newer('Swish', 26, (node, ctx) => {
    const [x] = node.inputs as [string]
    const alpha = attribute(node, 'alpha', 'float', 1)
    const inner = alpha === 1 ? x : ctx.emit('Mul', [x, ctx.float(alpha)])
    ctx.emitTo(node.outputs, 'Mul', [x, ctx.emit('Sigmoid', [inner])])
    return undefined
  }),
  newer('BitCast', 26, (_, ctx) => ctx.fail('reinterprets bits, which no operator of opset 21 does')),
  newer('QuantizeLinear', 26, node => changed(node, { drop: ['precision'] })),
  newer('DequantizeLinear', 26, node => changed(node, { drop: ['output_dtype'] })),
  newer('Cast', 26, node => changed(node, { drop: ['round_mode'] })),
  newer('CastLike', 26, node => changed(node, { drop: ['round_mode'] })),
]
