/** @file Upsample and Resize through their five meanings. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { changed, type VersionStep } from '../step.js'

/** Nearest at opset 10 takes the floor when enlarging and the ceiling when shrinking. */
function nearestMode(scales: string, ctx: ConvertContext): string {
  const constant = ctx.tensor(scales)?.numbers()
  const shrinks = constant?.some(scale => scale < 1)
  if (shrinks && constant!.some(scale => scale > 1))
    ctx.fail('resizes one axis up and another down at opset 10; export it at opset 11 or later')
  return shrinks ? 'ceil' : 'floor'
}

function halfPixelForNearest(node: Node, ctx: ConvertContext): Node {
  if (attribute(node, 'coordinate_transformation_mode', 'string') !== 'tf_half_pixel_for_nn') return node
  // floor(v) = round_prefer_ceil(v - 1/2), and v - 1/2 is what half_pixel computes.
  if (attribute(node, 'nearest_mode', 'string', 'round_prefer_floor') !== 'floor')
    ctx.fail('coordinate mode tf_half_pixel_for_nn is known with nearest_mode floor only; export it at opset 13 or later')
  return changed(node, { set: { coordinate_transformation_mode: 'half_pixel', nearest_mode: 'round_prefer_ceil' } })
}

export const resizeSteps: readonly VersionStep[] = [
  { operator: 'Upsample', from: 9, to: 10, convert: node => changed(node, { operator: 'Resize' }) },
  {
    operator: 'Resize',
    from: 10,
    to: 11,
    convert(node, ctx) {
      const [x, scales] = node.inputs as [string, string]
      const mode = attribute(node, 'mode', 'string', 'nearest')
      const nearest = mode === 'nearest' ? { nearest_mode: nearestMode(scales, ctx) } : {}
      return changed(node, {
        inputs: [x, '', scales],
        set: { mode: mode === 'bilinear' ? 'linear' : mode, coordinate_transformation_mode: 'asymmetric', ...nearest },
      })
    },
  },
  {
    operator: 'Resize',
    from: 12,
    to: 13,
    convert(node, ctx) {
      const [x, roi = '', scales = '', sizes = ''] = node.inputs as string[]
      // Until 12 roi and scales were there even when unused, as empty tensors.
      const present = (name: string): string => (name !== '' && ctx.tensor(name)?.size === 0 ? '' : name)
      return halfPixelForNearest(changed(node, { inputs: [x!, present(roi), sizes ? '' : present(scales), sizes] }), ctx)
    },
  },
]
