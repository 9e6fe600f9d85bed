/** @file TensorScatter and CumProd in older operators. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import { Tensor } from '../../tensor.js'
import type { ConvertContext } from '../context.js'

const range = (count: string, ctx: ConvertContext): string =>
  ctx.emit('Range', [ctx.int(0), ctx.emit('Squeeze', [count]), ctx.int(1)])

/** present[b, .., w[b] + s, ..] = update[b, .., s, ..], the place modulo the cache's length in circular mode. */
export function tensorScatter(node: Node, ctx: ConvertContext): undefined {
  const [cache, update, write = ''] = node.inputs as [string, string, string?]
  const rank = ctx.rank(cache) ?? ctx.rank(update)
  let axis = attribute(node, 'axis', 'int', -2)
  if (axis >= 0) {
    if (rank === undefined) ctx.fail('needs the rank of its cache to be known')
    axis -= rank!
  }
  const shape = ctx.emit('Shape', [update])
  const dimension = (of: string): string =>
    ctx.emit('Shape', [of], axis === -1 ? { start: axis } : { start: axis, end: axis + 1 })
  const places = range(dimension(update), ctx)
  let index = ctx.emit('Reshape', [places, ctx.ints([-1, ...new Array(-axis - 1).fill(1)])])
  if (write) {
    const ones =
      rank === undefined
        ? ctx.emit('ConstantOfShape', [ctx.emit('Sub', [ctx.emit('Shape', [shape]), ctx.ints([1])])], { value: Tensor.ints([1]) })
        : ctx.ints(new Array(rank - 1).fill(1))
    const batch = ctx.emit('Concat', [ctx.ints([-1]), ones], { axis: 0 })
    index = ctx.emit('Add', [index, ctx.emit('Reshape', [ctx.emit('Cast', [write], { to: 7 }), batch])])
  }
  if (attribute(node, 'mode', 'string', 'linear') === 'circular') index = ctx.emit('Mod', [index, dimension(cache)])
  ctx.emitTo(node.outputs, 'ScatterElements', [cache, ctx.emit('Expand', [index, shape]), update], { axis })
}

/** y[i] = prod of x[j] over j <= i (j < i if exclusive, j >= i if reversed): a masked product over a second copy of the axis. */
export function cumulativeProduct(node: Node, ctx: ConvertContext): undefined {
  const [x, axisName] = node.inputs as [string, string]
  const constant = ctx.tensor(axisName)
  if (!constant) ctx.fail('needs its axis to be a constant')
  let axis = constant!.scalar()
  if (axis >= 0) {
    const rank = ctx.rank(x)
    if (rank === undefined) ctx.fail('needs the rank of its input to be known')
    axis -= rank!
  }
  const places = range(ctx.emit('Shape', [x], axis === -1 ? { start: axis } : { start: axis, end: axis + 1 }), ctx)
  const trailing = new Array(-axis - 1).fill(1)
  const i = ctx.emit('Reshape', [places, ctx.ints([-1, 1, ...trailing])])
  const j = ctx.emit('Reshape', [places, ctx.ints([1, -1, ...trailing])])
  const [first, second] = attribute(node, 'reverse', 'int', 0) ? [j, i] : [i, j]
  const mask = ctx.emit(attribute(node, 'exclusive', 'int', 0) ? 'Greater' : 'GreaterOrEqual', [first, second])
  const spread = ctx.emit('Where', [
    mask,
    ctx.emit('Unsqueeze', [x, ctx.ints([axis - 1])]),
    ctx.emit('CastLike', [ctx.float(1), x]),
  ])
  ctx.emitTo(node.outputs, 'ReduceProd', [spread, ctx.ints([axis])], { keepdims: 0 })
}
