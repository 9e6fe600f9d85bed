/** @file Strided helpers of the evaluator: views, broadcasting, axes. */
import type { DataType } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { elementCount } from '../tensor.js'
import { type NdArray, ndarray } from './array.js'

/** Row-major strides, in elements. */
export function rowStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length)
  for (let axis = dims.length - 1, step = 1; axis >= 0; step *= dims[axis]!, axis--) strides[axis] = step
  return strides
}

/** Source positions of a strided view's elements, in row-major order of the view. */
export function positions(dims: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const out = new Int32Array(elementCount(dims))
  const last = dims.length - 1
  if (out.length === 0) return out
  if (last < 0) return out.fill(offset)
  const inner = dims[last]!
  const step = strides[last]!
  const counter = new Int32Array(dims.length)
  for (let i = 0, base = offset; i < out.length; ) {
    for (let j = 0, at = base; j < inner; j++, at += step) out[i++] = at
    for (let axis = last - 1; axis >= 0; axis--) {
      base += strides[axis]!
      if (++counter[axis]! < dims[axis]!) break
      base -= strides[axis]! * dims[axis]!
      counter[axis] = 0
    }
  }
  return out
}

/** A copy of a strided view. */
export function view(source: NdArray, dims: readonly number[], strides: readonly number[], offset = 0): NdArray {
  const from = positions(dims, strides, offset)
  const data = new Float64Array(from.length)
  for (let i = 0; i < data.length; i++) data[i] = source.data[from[i]!]!
  return { dtype: source.dtype, dims, data }
}

const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i])

/** Dimensions that the given ones broadcast to, by numpy's rule. Throws ShapeError where they do not. */
export function broadcastDims(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map(dims => dims.length))
  return Array.from({ length: rank }, (_, axis) => {
    let out = 1
    for (const dims of shapes) {
      const dim = dims[axis - rank + dims.length] ?? 1
      if (dim === 1) continue
      if (out !== 1 && out !== dim) throw new ShapeError(`dimensions ${shapes.map(s => `[${s}]`).join(' and ')} do not broadcast`)
      out = dim
    }
    return out
  })
}

/** Strides that read `dims` as if it had the dimensions `out`. */
function broadcastStrides(dims: readonly number[], out: readonly number[]): number[] {
  const strides = rowStrides(dims)
  const lead = out.length - dims.length
  return out.map((_, axis) => (axis < lead || dims[axis - lead] === 1 ? 0 : strides[axis - lead]!))
}

/** The array repeated to the dimensions given; the same array where it has them already. */
export const expand = (array: NdArray, dims: readonly number[]): NdArray =>
  sameDims(array.dims, dims) ? array : view(array, dims, broadcastStrides(array.dims, dims))

/** The same elements under other dimensions. */
export const reshaped = (array: NdArray, dims: readonly number[]): NdArray => ({ dtype: array.dtype, dims, data: array.data })

/** Elementwise function of one array. */
export function map(array: NdArray, f: (x: number) => number, dtype: DataType = array.dtype): NdArray {
  const data = new Float64Array(array.data.length)
  for (let i = 0; i < data.length; i++) data[i] = f(array.data[i]!)
  return { dtype, dims: array.dims, data }
}

/** Elementwise function of two arrays, broadcast. */
export function map2(a: NdArray, b: NdArray, f: (x: number, y: number) => number, dtype: DataType = a.dtype): NdArray {
  const dims = broadcastDims(a.dims, b.dims)
  const data = new Float64Array(elementCount(dims))
  const x = a.data.length === 1 ? a : expand(a, dims)
  const y = b.data.length === 1 ? b : expand(b, dims)
  const stepX = x.data.length === 1 ? 0 : 1
  const stepY = y.data.length === 1 ? 0 : 1
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i * stepX]!, y.data[i * stepY]!)
  return { dtype, dims, data }
}

/** A non-negative axis. Throws ShapeError where it is out of range. */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis
  if (normal < 0 || normal >= Math.max(rank, 1)) throw new ShapeError(`axis ${axis} is out of range for rank ${rank}`)
  return normal
}

/** Element counts before, at and after an axis. */
export const around = (dims: readonly number[], axis: number): [number, number, number] => [
  elementCount(dims.slice(0, axis)),
  dims[axis] ?? 1,
  elementCount(dims.slice(axis + 1)),
]

export function transposed(array: NdArray, perm: readonly number[]): NdArray {
  const strides = rowStrides(array.dims)
  return view(
    array,
    perm.map(axis => array.dims[axis]!),
    perm.map(axis => strides[axis]!),
  )
}

/** Calls `f` with each line along an axis: the position of its first element and the step to the next. */
export function forEachLine(
  dims: readonly number[],
  axis: number,
  f: (start: number, step: number, length: number) => void,
): void {
  const [outer, length, inner] = around(dims, axis)
  for (let i = 0; i < outer; i++) for (let j = 0; j < inner; j++) f(i * length * inner + j, inner, length)
}

/** Joins arrays along an axis. */
export function concat(arrays: readonly NdArray[], axis: number): NdArray {
  const first = arrays[0]!
  const at = normalAxis(axis, first.dims.length)
  const dims = first.dims.map((dim, i) => (i === at ? arrays.reduce((sum, array) => sum + array.dims[at]!, 0) : dim))
  const data = new Float64Array(elementCount(dims))
  const [outer] = around(dims, at)
  const row = data.length / outer || 0
  let offset = 0
  for (const array of arrays) {
    const chunk = array.data.length / outer || 0
    for (let i = 0; i < outer; i++) data.set(array.data.subarray(i * chunk, (i + 1) * chunk), i * row + offset)
    offset += chunk
  }
  return { dtype: first.dtype, dims, data }
}

/** `length` entries of an axis from `start`. */
export function narrow(array: NdArray, axis: number, start: number, length: number): NdArray {
  const strides = rowStrides(array.dims)
  return view(
    array,
    array.dims.map((dim, i) => (i === axis ? length : dim)),
    strides,
    start * strides[axis]!,
  )
}

/** The elements of an integer input as a plain list. */
export const list = (array: NdArray): number[] => Array.from(array.data)

export const scalar = (value: number, dtype: DataType): NdArray => ndarray([], [value], dtype)
