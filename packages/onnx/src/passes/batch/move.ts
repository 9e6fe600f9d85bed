/** @file Batch rules of operators that move elements. */
import { attribute, attributes } from '../../attributes.js'
import { elementCount, Tensor } from '../../tensor.js'
import { type BatchContext, type BatchRule, type BatchRules, give, keep, only, prove, withInputs, wrap } from './rule.js'

const numbers = (c: BatchContext, input: number): number[] => Array.from(c.constant(input)?.numbers() ?? give())

/**
 * Where the rows are after a reshape: as many elements come before them as did. An axis that begins with the rows is preferred to
 * one that has them further in, unless it is the last, which mostly holds features. Ones in front of a batch larger than one are passed over.
 */
function regroup(c: BatchContext, to: readonly number[]): { axis: number; outer: number } {
  const axis = only(c, 0)
  const before = elementCount(c.dims(0).slice(0, axis)) * c.outer
  const places = to.map((dim, at) => ({ axis: at, outer: before / elementCount(to.slice(0, at)), dim }))
  const fits = places.filter(({ outer, dim }) => Number.isInteger(outer) && dim > 0 && dim % (outer * c.old) === 0)
  return fits.find(({ axis: at, outer }) => outer === 1 && at < to.length - 1) ?? fits[0] ?? give()
}

const reshape: BatchRule = c => {
  const to = [...c.outDims(0)]
  const { axis, outer } = regroup(c, to)
  to[axis] = c.scaled(to[axis]!)
  prove(!to.includes(0))
  const node = { ...withInputs(c.node, [c.node.inputs[0]!, c.ints(to)]), attributes: attributes({}) }
  return { ...keep(node, axis), outer }
}

const flatten: BatchRule = c => {
  const { axis, outer } = regroup(c, c.outDims(0))
  return { ...keep(c.node, axis), outer }
}

const transpose: BatchRule = c => {
  const axis = only(c, 0)
  const rank = c.dims(0).length
  const perm = attribute(c.node, 'perm', 'ints') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i)
  return keep(c.node, perm.indexOf(axis))
}

const unsqueeze: BatchRule = c => {
  let axis = only(c, 0)
  const rank = c.outDims(0).length
  for (const added of numbers(c, 1)
    .map(at => wrap(at, rank))
    .sort((a, b) => a - b))
    if (added <= axis) axis++
  return keep(c.node, axis)
}

const squeeze: BatchRule = c => {
  const axis = only(c, 0)
  const dims = c.dims(0)
  // Without axes it would drop every dimension of 1, which a batch of 1 has and others have not.
  const removed = c.has(1) ? numbers(c, 1).map(at => wrap(at, dims.length)) : dims.flatMap((dim, i) => (dim === 1 ? [i] : []))
  prove(!removed.includes(axis))
  const node = withInputs(c.node, [c.node.inputs[0]!, c.ints(removed)])
  return keep(node, axis - removed.filter(at => at < axis).length)
}

const concat: BatchRule = c => {
  const ranks = c.dims(0).length
  const along = wrap(attribute(c.node, 'axis', 'int') ?? give(), ranks)
  const axes = new Set(c.node.inputs.map((_, i) => c.axis(i)).filter(axis => axis !== undefined))
  prove(axes.size === 1 && !axes.has(along))
  const axis = [...axes][0]!
  const inputs = c.node.inputs.map((name, i) => (c.axis(i) === undefined ? c.repeat(i, axis) : name))
  return keep(withInputs(c.node, inputs), axis)
}

const split: BatchRule = c => {
  const axis = only(c, 0)
  prove(wrap(attribute(c.node, 'axis', 'int', 0), c.dims(0).length) !== axis)
  return keep(c.node, axis)
}

/** Along the batch only the whole may be taken. */
const slice: BatchRule = c => {
  const axis = only(c, 0)
  const rank = c.dims(0).length
  const [starts, ends] = [numbers(c, 1), numbers(c, 2)]
  const axes = c.has(3) ? numbers(c, 3).map(at => wrap(at, rank)) : starts.map((_, i) => i)
  const steps = c.has(4) ? numbers(c, 4) : starts.map(() => 1)
  const at = axes.indexOf(axis)
  if (at < 0) return keep(c.node, axis)
  const size = c.dims(0)[axis]!
  prove(steps[at] === 1 && (starts[at] === 0 || starts[at]! <= -size) && ends[at]! >= size)
  const without = (list: readonly number[]) => c.ints(list.filter((_, i) => i !== at))
  if (axes.length === 1) {
    const node = { ...withInputs(c.node, [c.node.inputs[0]!]), operator: 'Identity', attributes: attributes({}) }
    return keep(node, axis)
  }
  return keep(withInputs(c.node, [c.node.inputs[0]!, without(starts), without(ends), without(axes), without(steps)]), axis)
}

/** Constant indices into an axis that holds the rows, where each row reads its own entries: the same table for every row. */
function perRow(c: BatchContext, inner: number, columns: number): string {
  const table = c.constant(1) ?? give()
  prove(c.outer === 1 && table.dims.length > 0 && table.dims[0]! % c.old === 0 && table.size > 0)
  const values = table.numbers()
  const size = values.length / c.old
  const shift = (i: number, row: number) => (i % columns === 0 ? row * inner : 0)
  const wrapped = values.map((value, i) => (value < 0 && i % columns === 0 ? value + inner * c.old : value))
  for (let i = 0; i < size; i++) {
    prove(i % columns !== 0 || (wrapped[i]! >= 0 && wrapped[i]! < inner))
    for (let row = 1; row < c.old; row++) prove(wrapped[row * size + i] === wrapped[i]! + shift(i, row))
  }
  const out = new Float64Array(size * c.batch)
  for (let i = 0; i < out.length; i++) out[i] = wrapped[i % size]! + shift(i % size, Math.floor(i / size))
  return c.tensor(Tensor.from(table.dtype, [c.scaled(table.dims[0]!), ...table.dims.slice(1)], out))
}

const gather: BatchRule = c => {
  const along = wrap(attribute(c.node, 'axis', 'int', 0), c.dims(0).length)
  const [data, indices] = [c.axis(0), c.axis(1)]
  if (data === undefined) return keep(c.node, along + indices!)
  prove(indices === undefined)
  if (data === along) return keep(withInputs(c.node, [c.node.inputs[0]!, perRow(c, c.dims(0)[data]! / c.old, 1)]), along)
  return keep(c.node, data < along ? data : data + c.dims(1).length - 1)
}

const gatherND: BatchRule = c => {
  prove(only(c, 0) === 0 && attribute(c.node, 'batch_dims', 'int', 0) === 0)
  const depth = c.dims(1).at(-1)!
  prove(c.dims(1).length > 1)
  return keep(withInputs(c.node, [c.node.inputs[0]!, perRow(c, c.dims(0)[0]! / c.old, depth)]), 0)
}

const gatherElements: BatchRule = c => {
  const along = wrap(attribute(c.node, 'axis', 'int', 0), c.dims(0).length)
  const axis = c.axis(0) ?? c.axis(1)
  prove(axis !== undefined && axis !== along && c.dims(0)[axis] === c.dims(1)[axis])
  const inputs = [0, 1].map(i => {
    prove(c.axis(i) === undefined || c.axis(i) === axis)
    return c.axis(i) === undefined ? c.repeat(i, axis) : c.node.inputs[i]!
  })
  return keep(withInputs(c.node, inputs), axis)
}

const expand: BatchRule = c => {
  const axis = only(c, 0)
  const out = [...c.outDims(0)]
  const at = out.length - (c.dims(0).length - axis)
  prove(out[at] === c.dims(0)[axis])
  out[at] = c.scaled(out[at]!)
  return keep(withInputs(c.node, [c.node.inputs[0]!, c.ints(out)]), at)
}

const tile: BatchRule = c => {
  const axis = only(c, 0)
  prove(numbers(c, 1)[axis] === 1)
  return keep(c.node, axis)
}

const pad: BatchRule = c => {
  const axis = only(c, 0)
  const pads = numbers(c, 1)
  const axes = c.has(3) ? numbers(c, 3).map(at => wrap(at, c.dims(0).length)) : c.dims(0).map((_, i) => i)
  const at = axes.indexOf(axis)
  prove(at < 0 || (pads[at] === 0 && pads[at + axes.length] === 0))
  return keep(c.node, axis)
}

const resize: BatchRule = c => {
  prove(only(c, 0) === 0)
  const axes = attribute(c.node, 'axes', 'ints')
  if (axes) {
    prove(!axes.some(axis => wrap(axis, c.dims(0).length) === 0))
    return keep(c.node, 0)
  }
  prove(attribute(c.node, 'coordinate_transformation_mode', 'string', 'half_pixel') !== 'tf_crop_and_resize')
  if (c.has(3)) {
    const sizes = numbers(c, 3)
    prove(sizes[0] === c.dims(0)[0])
    const inputs = [...c.node.inputs]
    inputs[3] = c.ints([c.scaled(sizes[0]!), ...sizes.slice(1)])
    return keep(withInputs(c.node, inputs), 0)
  }
  prove(numbers(c, 2)[0] === 1)
  return keep(c.node, 0)
}

const oneHot: BatchRule = c => {
  const axis = only(c, 0)
  const added = wrap(attribute(c.node, 'axis', 'int', -1), c.outDims(0).length)
  return keep(c.node, added <= axis ? axis + 1 : axis)
}

const trilu: BatchRule = c => {
  const axis = only(c, 0)
  prove(axis < c.dims(0).length - 2)
  return keep(c.node, axis)
}

export const moveRules: BatchRules = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherND: gatherND,
  GatherElements: gatherElements,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Resize: resize,
  OneHot: oneHot,
  Trilu: trilu,
}
