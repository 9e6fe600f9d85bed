/** @file BatchNormalization and GroupNormalization. */
import { attribute } from '../../attributes.js'
import { changed, type VersionStep } from '../step.js'

export const normalisationSteps: readonly VersionStep[] = [
  {
    operator: 'BatchNormalization',
    from: 8,
    to: 9,
    convert(node, ctx) {
      if (attribute(node, 'spatial', 'int', 1) === 1) return changed(node, { drop: ['spatial'] })
      if (node.outputs.slice(1).some(Boolean)) ctx.fail('is in training mode; export the model for inference')
      // spatial=0: one mean, variance, scale and bias per element of a row.
      const [x, scale, bias, mean, variance] = node.inputs as [string, string, string, string, string]
      const deviation = ctx.emit('Sqrt', [ctx.emit('Add', [variance, ctx.float(attribute(node, 'epsilon', 'float', 1e-5))])])
      const normal = ctx.emit('Div', [ctx.emit('Sub', [x, mean]), deviation])
      ctx.emitTo(node.outputs, 'Add', [ctx.emit('Mul', [normal, scale]), bias])
      return undefined
    },
  },
  {
    operator: 'BatchNormalization',
    from: 13,
    to: 14,
    convert: node => changed({ ...node, outputs: node.outputs.slice(0, 1) }, {}),
  },
  {
    operator: 'GroupNormalization',
    from: 20,
    to: 21,
    convert(node, ctx) {
      // Scale and bias were per group and became per channel.
      const [x, scale, bias] = node.inputs as [string, string, string]
      const groups = attribute(node, 'num_groups', 'int', 1)
      const channels = ctx.emit('Shape', [x], { start: 1, end: 2 })
      const target = ctx.emit('Concat', [ctx.ints([groups]), ctx.emit('Div', [channels, ctx.ints([groups])])], { axis: 0 })
      const spread = (value: string): string =>
        ctx.emit('Reshape', [ctx.emit('Expand', [ctx.emit('Reshape', [value, ctx.ints([groups, 1])]), target]), ctx.ints([-1])])
      return changed(node, { inputs: [x, spread(scale), spread(bias)] })
    },
  },
]
