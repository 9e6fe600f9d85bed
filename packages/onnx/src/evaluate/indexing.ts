/** @file Gather, scatter and their relatives. */
import { attribute } from '../attributes.js'
import { ShapeError } from '../errors.js'
import { elementCount } from '../tensor.js'
import { type NdArray, ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { around, normalAxis, reshaped, rowStrides } from './strided.js'

/** A non-negative index into an axis. Throws ShapeError where it is out of range. */
function wrap(index: number, length: number): number {
  const at = index < 0 ? index + length : index
  if (!(at >= 0 && at < length)) throw new ShapeError(`index ${index} is out of range for an axis of length ${length}`)
  return at
}

const updates: Readonly<Record<string, (old: number, now: number) => number>> = {
  none: (_, now) => now,
  add: (old, now) => old + now,
  mul: (old, now) => old * now,
  max: Math.max,
  min: Math.min,
}

/** Entries of an axis, by an index array of any rank that takes the axis's place. */
export function gather(x: NdArray, indices: NdArray, axis: number): NdArray {
  const at = normalAxis(axis, x.dims.length)
  const [outer, length, inner] = around(x.dims, at)
  const dims = [...x.dims.slice(0, at), ...indices.dims, ...x.dims.slice(at + 1)]
  const data = new Float64Array(elementCount(dims))
  const count = indices.data.length
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < count; j++) {
      const from = (i * length + wrap(indices.data[j]!, length)) * inner
      data.set(x.data.subarray(from, from + inner), (i * count + j) * inner)
    }
  return { dtype: x.dtype, dims, data }
}

/** Positions in `dims` that GatherElements and ScatterElements address: the index array's own, with one axis replaced. */
function elementPositions(dims: readonly number[], indices: NdArray, axis: number): Int32Array {
  const strides = rowStrides(dims)
  const own = rowStrides(indices.dims)
  const out = new Int32Array(indices.data.length)
  for (let i = 0; i < out.length; i++) {
    let at = 0
    for (let d = 0; d < dims.length; d++) {
      const index = d === axis ? wrap(indices.data[i]!, dims[d]!) : Math.floor(i / own[d]!) % indices.dims[d]!
      at += index * strides[d]!
    }
    out[i] = at
  }
  return out
}

/** First positions in `dims` of the slices that rows of `indices` address, after `batch` shared leading axes. */
function slicePositions(dims: readonly number[], indices: NdArray, batch: number): { starts: Int32Array; size: number } {
  const depth = indices.dims[indices.dims.length - 1]!
  const strides = rowStrides(dims)
  const rows = elementCount(indices.dims.slice(0, -1))
  const perBatch = rows / elementCount(dims.slice(0, batch)) || 1
  const starts = new Int32Array(rows)
  const block = elementCount(dims.slice(batch))
  for (let row = 0; row < rows; row++) {
    let at = Math.floor(row / perBatch) * block
    for (let d = 0; d < depth; d++) at += wrap(indices.data[row * depth + d]!, dims[batch + d]!) * strides[batch + d]!
    starts[row] = at
  }
  return { starts, size: elementCount(dims.slice(batch + depth)) }
}

const gatherND: OperatorEvaluation = ([x, indices], { node }) => {
  const batch = attribute(node, 'batch_dims', 'int', 0)
  const { starts, size } = slicePositions(x!.dims, indices!, batch)
  const depth = indices!.dims[indices!.dims.length - 1]!
  const data = new Float64Array(starts.length * size)
  starts.forEach((start, i) => {
    data.set(x!.data.subarray(start, start + size), i * size)
  })
  return [{ dtype: x!.dtype, dims: [...indices!.dims.slice(0, -1), ...x!.dims.slice(batch + depth)], data }]
}

const scatterND: OperatorEvaluation = ([x, indices, values], { node }) => {
  const update = updates[attribute(node, 'reduction', 'string', 'none')]!
  const { starts, size } = slicePositions(x!.dims, indices!, 0)
  const data = Float64Array.from(x!.data)
  starts.forEach((start, i) => {
    for (let j = 0; j < size; j++) data[start + j] = update(data[start + j]!, values!.data[i * size + j]!)
  })
  return [{ ...x!, data }]
}

const scatterElements: OperatorEvaluation = ([x, indices, values], { node }) => {
  const update = updates[attribute(node, 'reduction', 'string', 'none')]!
  const axis = normalAxis(attribute(node, 'axis', 'int', 0), x!.dims.length)
  const data = Float64Array.from(x!.data)
  elementPositions(x!.dims, indices!, axis).forEach((at, i) => {
    data[at] = update(data[at]!, values!.data[i]!)
  })
  return [{ ...x!, data }]
}

const topK: OperatorEvaluation = ([x, k], { node }) => {
  const axis = normalAxis(attribute(node, 'axis', 'int', -1), x!.dims.length)
  const sign = attribute(node, 'largest', 'int', 1) ? -1 : 1
  const [outer, length, inner] = around(x!.dims, axis)
  const count = k!.data[0]!
  const dims = x!.dims.map((dim, i) => (i === axis ? count : dim))
  const values = new Float64Array(elementCount(dims))
  const indices = new Float64Array(values.length)
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      const at = (t: number): number => x!.data[(i * length + t) * inner + j]!
      const order = Array.from({ length }, (_, t) => t).sort((a, b) => sign * (at(a) - at(b)) || a - b)
      for (let t = 0; t < count; t++) {
        const to = (i * count + t) * inner + j
        values[to] = at(order[t]!)
        indices[to] = order[t]!
      }
    }
  return [
    { dtype: x!.dtype, dims, data: values },
    { dtype: 'int64', dims, data: indices },
  ]
}

const compareRows = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}

const unique: OperatorEvaluation = ([x], { node }) => {
  const axis = attribute(node, 'axis', 'int')
  const source = axis === undefined ? reshaped(x!, [x!.data.length]) : x!
  const at = normalAxis(axis ?? 0, source.dims.length)
  const [outer, length, inner] = around(source.dims, at)
  const rows = Array.from({ length }, (_, t) =>
    Array.from({ length: outer * inner }, (_, i) => source.data[(Math.floor(i / inner) * length + t) * inner + (i % inner)]!),
  )
  const groups = new Map<string, number[]>()
  rows.forEach((row, t) => {
    const key = row.join()
    const members = groups.get(key)
    if (members) members.push(t)
    else groups.set(key, [t])
  })
  const found = [...groups.values()]
  if (attribute(node, 'sorted', 'int', 1)) found.sort((a, b) => compareRows(rows[a[0]!]!, rows[b[0]!]!))
  const firsts = found.map(members => members[0]!)
  const inverse = new Float64Array(length)
  found.forEach((members, group) => {
    for (const member of members) inverse[member] = group
  })
  const ints = (values: ArrayLike<number>): NdArray => ndarray([values.length], values, 'int64')
  return [gather(source, ints(firsts), at), ints(firsts), ints(inverse), ints(found.map(members => members.length))]
}

/** Positions of the elements that are not zero. */
function nonZero(data: Float64Array): number[] {
  const found: number[] = []
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) found.push(i)
  return found
}

export const indexing: OperatorEvaluations = {
  Gather: ([x, indices], { node }) => [gather(x!, indices!, attribute(node, 'axis', 'int', 0))],
  GatherElements: ([x, indices], { node }) => {
    const at = elementPositions(x!.dims, indices!, normalAxis(attribute(node, 'axis', 'int', 0), x!.dims.length))
    return [
      ndarray(
        indices!.dims,
        Float64Array.from(at, from => x!.data[from]!),
        x!.dtype,
      ),
    ]
  },
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TopK: topK,
  Unique: unique,
  NonZero: ([x]) => {
    const strides = rowStrides(x!.dims)
    const found = nonZero(x!.data)
    const data = new Float64Array(strides.length * found.length)
    strides.forEach((stride, axis) => {
      found.forEach((at, i) => {
        data[axis * found.length + i] = Math.floor(at / stride) % x!.dims[axis]!
      })
    })
    return [ndarray([strides.length, found.length], data, 'int64')]
  },
  Compress: ([x, condition], { node }) => {
    const axis = attribute(node, 'axis', 'int')
    const source = axis === undefined ? reshaped(x!, [x!.data.length]) : x!
    const kept = nonZero(condition!.data)
    return [gather(source, ndarray([kept.length], kept, 'int64'), axis ?? 0)]
  },
}
