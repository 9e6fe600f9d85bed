/**
 * @file Gradients of gathering and scattering. Only formulations that are exact at any thread count are emitted: ScatterElements
 * with reduction add is, ScatterND with reduction add is not.
 */
import { none, type RuleContext, type RuleEntry, type RuleTable, single, zero } from '../rule.js'
import { axisOf, blockOf, filled, gathered, product, replaced, runs, zeros } from './blocks.js'

/** Cotangent rows [outer, count, inner] to be added into [outer, size, inner]. */
interface Rows {
  readonly outer: number
  readonly count: number
  readonly inner: number
  readonly size: number
}

const nonNegative = (indices: readonly number[], size: number): number[] =>
  indices.map(index => (index < 0 ? index + size : index))

/** Above this many entries a one-hot matrix costs more than a sequential scatter. */
const oneHotLimit = 1 << 16

/** Adds rows at the positions a value [count] holds at run time. */
function addAtRuntime(g: string, indices: string, rows: Rows, c: RuleContext): string {
  const { outer, count, inner, size } = rows
  const flat = c.emit('Reshape', [indices, c.ints64([count])])
  if (size * count <= oneHotLimit) return c.emit('MatMul', [oneHotColumns(flat, size, c), g])
  const index = c.emit('Expand', [c.emit('Reshape', [flat, c.ints64([1, count, 1])]), c.ints64([outer, count, inner])])
  return c.emit('ScatterElements', [zeros([outer, size, inner], c, g), index, g], { axis: 1, reduction: 'add' })
}

/** [size, count], one where the row is the column's index (negative indices count from the end). */
function oneHotColumns(indices: string, size: number, c: RuleContext): string {
  const index = c.emit('Cast', [indices], { to: 7 })
  const positive = c.emit('Where', [c.emit('Less', [index, c.ints64([0])]), c.emit('Add', [index, c.ints64([size])]), index])
  const rows = c.emit('Unsqueeze', [c.ints64(Array.from({ length: size }, (_, i) => i)), c.ints64([1])])
  return c.emit('Cast', [c.emit('Equal', [positive, rows])], { to: 1 })
}

/**
 * Adds rows at constant positions. Few runs of positions travel as blocks; positions that repeat at most four times are read back with as many Gathers;
 * the rest is scattered.
 */
function addAtConstant(g: string, indices: readonly number[], rows: Rows, c: RuleContext): string {
  const { outer, count, inner, size } = rows
  const dims = [outer, count, inner]
  if (runs(indices).length <= 4) return gathered(g, dims, 1, indices, size, c)
  const readers: number[][] = Array.from({ length: size }, () => [])
  for (const [i, index] of indices.entries()) readers[index]?.push(i)
  const most = readers.reduce((max, list) => Math.max(max, list.length), 0)
  if (most > 4) return addAtRuntime(g, c.ints64(indices), rows, c)
  const complete = readers.every(list => list.length === most)
  const source = complete ? g : c.emit('Concat', [g, zeros([outer, 1, inner], c, g)], { axis: 1 })
  const parts = Array.from({ length: most }, (_, turn) =>
    c.emit('Gather', [source, c.ints64(readers.map(list => list[turn] ?? count))], { axis: 1 }),
  )
  return parts.reduce((a, b) => c.emit('Add', [a, b]))
}

function addAt(g: string, indices: string, rows: Rows, c: RuleContext): string {
  if (rows.count === 0 || rows.outer === 0 || rows.inner === 0) return zeros([rows.outer, rows.size, rows.inner], c, g)
  const constant = c.constant(indices)
  return constant
    ? addAtConstant(g, nonNegative(Array.from(constant.numbers()), rows.size), rows, c)
    : addAtRuntime(g, indices, rows, c)
}

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

/** Index tuples as positions of rows in the flattened data. */
interface Tuples {
  /** int64 positions [count]. */
  readonly positions: string
  readonly count: number
  /** Rows of the flattened data, and elements of each. */
  readonly size: number
  readonly inner: number
}

function flattened(data: readonly number[], indices: string, batchDims: number, c: RuleContext): Tuples {
  const dims = c.dims(indices)
  const depth = dims.at(-1)!
  const batch = product(data.slice(0, batchDims))
  const indexed = data.slice(batchDims, batchDims + depth)
  const perBatch = product(indexed)
  const count = product(dims.slice(0, -1))
  const strides = indexed.map((_, i) => product(indexed.slice(i + 1)))
  const offsets = Array.from({ length: count }, (_, i) => Math.floor(i / (count / batch)) * perBatch)
  const rest = { count, size: batch * perBatch, inner: product(data.slice(batchDims + depth)) }
  const constant = c.constant(indices)
  if (constant) {
    const values = constant.numbers()
    const positions = offsets.map((offset, row) =>
      strides.reduce((sum, stride, i) => {
        const index = values[row * depth + i]!
        return sum + (index < 0 ? index + indexed[i]! : index) * stride
      }, offset),
    )
    return { ...rest, positions: c.ints64(positions) }
  }
  const index = c.reshape(indices, [count, depth])
  const positive = c.emit('Where', [c.emit('Less', [index, c.ints64([0])]), c.emit('Add', [index, c.ints64(indexed)]), index])
  const summed = c.emit('ReduceSum', [c.emit('Mul', [positive, c.ints64(strides)]), c.ints64([1])], { keepdims: 0 })
  return { ...rest, positions: batch > 1 ? c.emit('Add', [summed, c.ints64(offsets)]) : summed }
}

const gatherND = single((g, c) => {
  const dims = c.dims(c.input(0))
  const { positions, count, size, inner } = flattened(dims, c.input(1), c.int('batch_dims', 0), c)
  const rows = addAt(c.reshape(g, [1, count, inner]), positions, { outer: 1, count, inner, size }, c)
  return [c.reshape(rows, dims)]
})

/** A scatter as its gradient sees it: reading at the indices, and writing there with some reduction. */
interface Access {
  readonly data: string
  readonly updates: string
  readonly dims: readonly number[]
  readonly updateDims: readonly number[]
  readonly gather: (value: string) => string
  readonly scatter: (base: string, updates: string, reduction: string) => string
}

type ScatterGradient = (g: string, y: string, access: Access, c: RuleContext) => [data: () => string, updates: () => string]

const asFloat = (mask: string, c: RuleContext): string => c.emit('Cast', [mask], { to: 1 })

/** Data and updates that equal the result share its cotangent equally. */
const sharing: ScatterGradient = (g, y, { data, updates, gather, scatter }, c) => {
  const dataTies = asFloat(c.emit('Equal', [data, y]), c)
  const updateTies = asFloat(c.emit('Equal', [updates, gather(y)]), c)
  const shared = c.emit('Div', [g, scatter(dataTies, updateTies, 'add')])
  return [() => c.emit('Mul', [shared, dataTies]), () => c.emit('Mul', [gather(shared), updateTies])]
}

/** The product of all other factors, exact where factors are zero: an entry with one zero factor passes only to that factor. */
const factors: ScatterGradient = (g, _y, { data, updates, dims, updateDims, gather, scatter }, c) => {
  const isZero = c.emit('Equal', [updates, c.scalar(0)])
  const ones = filled(1, updateDims, c)
  const others = (): string => {
    const nonzero = scatter(data, c.emit('Where', [isZero, ones, updates]), 'mul')
    const count = scatter(zeros(dims, c), asFloat(isZero, c), 'add')
    const few = asFloat(c.emit('Less', [count, c.scalar(0.5)]), c)
    const one = asFloat(c.emit('Less', [count, c.scalar(1.5)]), c)
    const rest = gather(c.emit('Mul', [g, nonzero]))
    // A zero factor gets the product of the rest when it is the only zero; another factor only when there is none.
    const own = c.emit('Mul', [rest, gather(one)])
    const other = c.emit('Div', [c.emit('Mul', [rest, gather(few)]), c.emit('Where', [isZero, ones, updates])])
    return c.emit('Where', [isZero, own, other])
  }
  return [() => c.emit('Mul', [g, scatter(filled(1, dims, c), updates, 'mul')]), others]
}

const scatterGradients: Readonly<Record<string, ScatterGradient>> = {
  // With repeated indices ONNX leaves open which update wins; each then gets the cotangent.
  none: (g, _y, { updateDims, gather, scatter }, c) => [() => scatter(g, zeros(updateDims, c), 'none'), () => gather(g)],
  add: (g, _y, { gather }) => [() => g, () => gather(g)],
  mul: factors,
  max: sharing,
  min: sharing,
}

function scatterGradient(g: string, y: string, access: Access, c: RuleContext): (string | null)[] {
  const rule = scatterGradients[c.string('reduction', 'none')]
  if (!rule) return c.unsupported(`its reduction "${c.string('reduction', 'none')}" has no gradient`)
  const [data, updates] = rule(g, y, access, c)
  return [c.wants(0) ? data() : null, null, c.wants(2) ? updates() : null]
}

const scatterElements = single((g, c) => {
  const [data, indices, updates] = [c.input(0), c.input(1), c.input(2)]
  const axis = axisOf(c.int('axis', 0), c.rank(data))
  if (product(c.dims(updates)) === 0) return [g]
  return scatterGradient(
    g,
    c.output(0),
    {
      data,
      updates,
      dims: c.dims(data),
      updateDims: c.dims(updates),
      gather: value => c.emit('GatherElements', [value, indices], { axis }),
      scatter: (base, values, reduction) => c.emit('ScatterElements', [base, indices, values], { axis, reduction }),
    },
    c,
  )
}, 'max and min share equally among ties; none with repeated indices passes to every repetition')

/** As ScatterElements along the first axis of the data flattened to rows. */
const scatterND = single((g, c) => {
  const [data, indices, updates] = [c.input(0), c.input(1), c.input(2)]
  const dims = c.dims(data)
  const updateDims = c.dims(updates)
  if (product(updateDims) === 0) return [g]
  const { positions, count, size, inner } = flattened(dims, indices, 0, c)
  const full = c.emit('Expand', [c.emit('Reshape', [positions, c.ints64([count, 1])]), c.ints64([count, inner])])
  const [flat, flatUpdates] = [
    [size, inner],
    [count, inner],
  ]
  const gradients = scatterGradient(
    c.reshape(g, flat, dims),
    c.reshape(c.output(0), flat, dims),
    {
      data: c.reshape(data, flat, dims),
      updates: c.reshape(updates, flatUpdates, updateDims),
      dims: flat,
      updateDims: flatUpdates,
      gather: value => c.emit('Gather', [value, positions], { axis: 0 }),
      scatter: (base, values, reduction) => c.emit('ScatterElements', [base, full, values], { axis: 0, reduction }),
    },
    c,
  )
  const shaped = (index: number, from: readonly number[], to: readonly number[]): string | null =>
    gradients[index] ? c.reshape(gradients[index], to, from) : null
  return [shaped(0, flat, dims), null, shaped(2, flatUpdates, updateDims)]
}, 'as ScatterElements')

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
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TopK: topK,
  OneHot: oneHot,
  Compress: compress,
  NonZero: zero('positions do not change with small changes of the values'),
  NonMaxSuppression: zero('indices do not change with small changes of boxes and scores'),
  Range: none('the number of its outputs depends on the values'),
  Unique: none('the number of its outputs depends on the values'),
}
