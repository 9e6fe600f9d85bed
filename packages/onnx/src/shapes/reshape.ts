/** @file Operators that keep every element and change the dimensions: reshape, flatten, transpose, squeeze, unsqueeze. */
import type { Dimension } from '../graph.js'
import { axesOf, axisOf, one, unknownDims } from './common.js'
import { divideDims, productDims } from './dimension.js'
import type { ShapeRule, ShapeRules } from './rule.js'

const show = (shape: readonly Dimension[]): string => `[${shape.map(dim => dim ?? '?').join(', ')}]`

/** Product of `total` over product of `part`, cancelling equal factors first; null where unknown. */
function quotient(total: readonly Dimension[], part: readonly Dimension[]): Dimension {
  const rest = [...total]
  const divisor: Dimension[] = []
  for (const dim of part) {
    const at = dim === null ? -1 : rest.indexOf(dim)
    if (at >= 0) rest.splice(at, 1)
    else divisor.push(dim)
  }
  return divideDims(productDims(rest), productDims(divisor))
}

const reshape: ShapeRule = c => {
  const dtype = c.dtype(0)
  const from = c.shape(0)
  const wanted = c.elements(1)
  if (!wanted) {
    const length = c.shape(1)?.[0]
    return one(dtype, typeof length === 'number' && length <= 64 ? unknownDims(length) : null)
  }
  const copies = !c.int('allowzero', 0)
  const out: Dimension[] = wanted.map((dim, i) => {
    if (dim !== 0 || !copies) return dim
    if (from && i >= from.length) c.fail(`dimension ${i} of the new shape ${show(wanted)} copies one that the input lacks`)
    return from ? from[i]! : null
  })
  const free = out.indexOf(-1)
  if (out.some((dim, i) => typeof dim === 'number' && (dim < -1 || (dim === -1 && i !== free))))
    c.fail(`the new shape ${show(wanted)} is not a shape`)
  const others = out.filter((_, i) => i !== free)
  if (free >= 0) {
    out[free] = from ? quotient(from, others) : null
    const known = [productDims(from ?? [null]), productDims(others)]
    if (out[free] === null && typeof known[0] === 'number' && typeof known[1] === 'number' && known[1] !== 0)
      c.fail(`${known[0]} elements cannot take the shape ${show(wanted)}`)
  } else if (from) {
    const [have, want] = [productDims(from), productDims(out)]
    if (typeof have === 'number' && typeof want === 'number' && have !== want)
      c.fail(`${have} elements cannot take the shape ${show(wanted)}`)
    // One unknown dimension is what the others leave of the whole.
    if (out.filter(dim => dim === null).length === 1)
      out[out.indexOf(null)] = quotient(
        from,
        out.filter(dim => dim !== null),
      )
  }
  return one(dtype, out, c.elements(0))
}

const flatten: ShapeRule = c => {
  const from = c.shape(0)
  if (!from) return one(c.dtype(0), [null, null])
  const raw = c.int('axis', 1)
  const axis = raw === from.length ? raw : axisOf(c, raw, from.length)
  return one(c.dtype(0), [productDims(from.slice(0, axis)), productDims(from.slice(axis))], c.elements(0))
}

const transpose: ShapeRule = c => {
  const from = c.shape(0)
  const perm = c.ints('perm')
  if (!from) return one(c.dtype(0), perm ? unknownDims(perm.length) : null)
  const order = perm ?? from.map((_, i) => from.length - 1 - i)
  if (order.length !== from.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
    c.fail(`perm [${order}] is not an order of its ${from.length} dimensions`)
  const out = order.map(axis => from[axis]!)
  return one(c.dtype(0), out, out.filter(dim => dim !== 1).length <= 1 ? c.elements(0) : undefined)
}

const squeeze: ShapeRule = c => {
  const from = c.shape(0)
  const axes = axesOf(c, 1)
  if (!from) return one(c.dtype(0), null, c.elements(0))
  if (axes === undefined) {
    const count = c.shape(1)?.[0]
    return one(c.dtype(0), typeof count === 'number' ? unknownDims(from.length - count) : null, c.elements(0))
  }
  if (axes === null && from.some(dim => typeof dim !== 'number')) return one(c.dtype(0), null, c.elements(0))
  const drop = new Set(axes ? axes.map(axis => axisOf(c, axis, from.length)) : from.flatMap((dim, i) => (dim === 1 ? [i] : [])))
  for (const axis of drop)
    if (typeof from[axis] === 'number' && from[axis] !== 1) c.fail(`dimension ${axis} is ${from[axis]}, not 1`)
  return one(
    c.dtype(0),
    from.filter((_, i) => !drop.has(i)),
    c.elements(0),
  )
}

const unsqueeze: ShapeRule = c => {
  const from = c.shape(0)
  const axes = axesOf(c, 1)
  if (!from || !axes) {
    const count = c.shape(1)?.[0]
    return one(c.dtype(0), from && typeof count === 'number' ? unknownDims(from.length + count) : null, c.elements(0))
  }
  const rank = from.length + axes.length
  const added = new Set(axes.map(axis => axisOf(c, axis, rank)))
  if (added.size !== axes.length) c.fail(`axes [${axes}] repeat`)
  let next = 0
  const out = Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : from[next++]!))
  return one(c.dtype(0), out, c.elements(0))
}

export const reshapeRules: ShapeRules = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
}
