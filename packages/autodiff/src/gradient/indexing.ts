/** @file Gradients of gathering: rows of the cotangent are added where they were read. */
import { none, type RuleEntry, type RuleTable, single, zero } from '../rule.js'
import { axisOf, blockOf, gathered, product, replaced, runs, zeros } from './blocks.js'
import { addAt, flattened, nonNegative, oneHotColumns } from './rows.js'

const gather = single((g, c) => {
  const dims = c.dims(c.input(0))
  const axis = axisOf(c.int('axis', 0), dims.length)
  const count = product(c.dims(c.input(1)))
  const rows = { outer: product(dims.slice(0, axis)), count, inner: product(dims.slice(axis + 1)), size: dims[axis]! }
  const out = c.dims(c.output(0))
  const constant = c.constant(c.input(1))
  const along = replaced(dims, axis, count)
  // Keeping the axes apart spares a block cut two reshapes.
  if (constant && product(out) > 0) {
    const indices = nonNegative(Array.from(constant.numbers()), rows.size)
    const [run, ...others] = runs(indices)
    if (run && others.length === 0 && (run.length === 1 || run.step === 1))
      return [blockOf(c.reshape(g, along, out), along, axis, indices[0]!, rows.size)]
    if (others.length < 4) return [gathered(c.reshape(g, along, out), along, axis, indices, rows.size, c)]
  }
  const wide = [rows.outer, count, rows.inner]
  return [c.reshape(addAt(c.reshape(g, wide, out), c.input(1), rows, c), dims, [rows.outer, rows.size, rows.inner])]
})

const gatherElements = single((g, c) => {
  const dims = c.dims(c.input(0))
  const axis = axisOf(c.int('axis', 0), dims.length)
  if (product(c.dims(c.input(1))) === 0) return [zeros(dims, c)]
  return [c.emit('ScatterElements', [zeros(dims, c), c.input(1), g], { axis, reduction: 'add' })]
})

const gatherND = single((g, c) => {
  const dims = c.dims(c.input(0))
  const { positions, count, size, inner } = flattened(dims, c.input(1), c.int('batch_dims', 0), c)
  const rows = addAt(c.reshape(g, [1, count, inner]), positions, { outer: 1, count, inner, size }, c)
  return [c.reshape(rows, dims)]
})

const topK: RuleEntry = {
  kind: 'gradient',
  rule: ([g], c) => {
    if (!g) return []
    const dims = c.dims(c.input(0))
    if (product(c.dims(c.output(0))) === 0) return [zeros(dims, c)]
    const axis = axisOf(c.int('axis', -1), dims.length)
    return [c.emit('ScatterElements', [zeros(dims, c), c.output(1), g], { axis })]
  },
  note: 'to the elements chosen',
}

/** values = [off, on]: on gets the cotangent at the hot entries, off the rest. */
const oneHot = single((g, c) => {
  if (!c.wants(2)) return []
  const out = c.dims(c.output(0))
  const axis = axisOf(c.int('axis', -1), out.length)
  const depth = out[axis]!
  const count = product(out) / depth
  const order = [axis, ...out.map((_, i) => i).filter(i => i !== axis)]
  const flat = c.emit('Reshape', [c.emit('Transpose', [g], { perm: order }), c.ints64([depth, count])])
  const columns = oneHotColumns(c.emit('Reshape', [c.input(0), c.ints64([count])]), depth, c)
  const sum = (value: string): string => c.emit('ReduceSum', [value, c.ints64([0, 1])], { keepdims: 0 })
  const hot = c.emit('Reshape', [sum(c.emit('Mul', [flat, columns])), c.ints64([1])])
  const all = c.emit('Reshape', [sum(flat), c.ints64([1])])
  return [null, null, c.emit('Concat', [c.emit('Sub', [all, hot]), hot], { axis: 0 })]
}, 'with respect to the two values')

const compress = single((g, c) => {
  const dims = c.dims(c.input(0))
  const given = c.int('axis')
  const along = given === undefined ? [product(dims)] : dims
  const axis = given === undefined ? 0 : axisOf(given, dims.length)
  const kept = c.numbers(1)!.flatMap((keep, i) => (keep && i < along[axis]! ? [i] : []))
  const rows = {
    outer: product(along.slice(0, axis)),
    count: kept.length,
    inner: product(along.slice(axis + 1)),
    size: along[axis]!,
  }
  return [c.reshape(addAt(c.reshape(g, [rows.outer, rows.count, rows.inner]), c.ints64(kept), rows, c), dims)]
})

export const indexing: RuleTable = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  TopK: topK,
  OneHot: oneHot,
  Compress: compress,
  NonZero: zero('positions do not change with small changes of the values'),
  NonMaxSuppression: zero('indices do not change with small changes of boxes and scores'),
  Range: none('the number of its outputs depends on the values'),
  Unique: none('the number of its outputs depends on the values'),
}
