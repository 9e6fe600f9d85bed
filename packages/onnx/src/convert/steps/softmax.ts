/** @file Softmax, LogSoftmax and Hardmax before opset 13: over everything from `axis` on, as one row. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { changed, type VersionStep } from '../step.js'

/** Flatten(axis), the operator over the last axis, and back to the input's shape; the operator alone where that is the same. */
function coerced(node: Node, ctx: ConvertContext): Node | undefined {
  const axis = attribute(node, 'axis', 'int', 1)
  const [x] = node.inputs as [string]
  const shape = axis === -1 ? null : ctx.shape(x)
  const start = shape && axis < 0 ? axis + shape.length : axis
  // A run of ones after the axis changes nothing: the row is then the axis itself.
  const single = shape !== null && start >= 0 && shape.slice(start + 1).every(dim => dim === 1)
  if (axis === -1 || single) return changed(node, { set: { axis: axis === -1 ? -1 : start } })
  const flat = ctx.emit('Flatten', [x], { axis })
  const rows = ctx.emit(node.operator, [flat], { axis: -1 })
  ctx.emitTo(node.outputs, 'Reshape', [rows, ctx.emit('Shape', [x])])
  return undefined
}

export const softmaxSteps: readonly VersionStep[] = ['Softmax', 'LogSoftmax', 'Hardmax'].map(operator => ({
  operator,
  from: 12,
  to: 13,
  convert: coerced,
}))
