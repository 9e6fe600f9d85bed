/** @file Operators that only move elements. */
import { attribute } from '../attributes.js'
import { ShapeError } from '../errors.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import {
  around,
  broadcastDims,
  concat,
  expand,
  forEachLine,
  list,
  narrow,
  normalAxis,
  reshaped,
  rowStrides,
  transposed,
  view,
} from './strided.js'

const axesOf = (axes: NdArray, rank: number): number[] => list(axes).map(axis => normalAxis(axis, rank))

function reshapedDims(x: NdArray, wanted: readonly number[], allowZero: boolean): number[] {
  const dims = wanted.map((dim, axis) => (dim === 0 && !allowZero ? x.dims[axis]! : dim))
  const free = dims.indexOf(-1)
  if (free >= 0) dims[free] = x.data.length / elementCount(dims.filter((_, axis) => axis !== free)) || 0
  if (elementCount(dims) !== x.data.length) throw new ShapeError(`[${x.dims}] cannot be reshaped to [${wanted}]`)
  return dims
}

/** Slice of one axis: first index, step and count by ONNX's clamping rules. */
function sliceRange(start: number, end: number, step: number, length: number): [number, number] {
  const wrap = (index: number): number => (index < 0 ? index + length : index)
  if (step > 0) {
    const from = Math.min(Math.max(wrap(start), 0), length)
    const to = Math.min(Math.max(wrap(end), 0), length)
    return [from, Math.max(0, Math.ceil((to - from) / step))]
  }
  const from = Math.min(Math.max(wrap(start), -1), length - 1)
  const to = Math.min(Math.max(wrap(end), -1), length - 1)
  return [from, Math.max(0, Math.ceil((to - from) / step))]
}

const slice: OperatorEvaluation = ([x, starts, ends, axes, steps]) => {
  const own = rowStrides(x!.dims)
  const dims = [...x!.dims]
  const strides = [...own]
  let offset = 0
  const over = axes ? axesOf(axes, dims.length) : starts!.data.length ? list(starts!).map((_, i) => i) : []
  over.forEach((axis, i) => {
    const step = steps?.data[i] ?? 1
    const [from, count] = sliceRange(starts!.data[i]!, ends!.data[i]!, step, x!.dims[axis]!)
    offset += from * own[axis]!
    strides[axis] = own[axis]! * step
    dims[axis] = count
  })
  return [view(x!, dims, strides, offset)]
}

const split: OperatorEvaluation = ([x, sizes], { node }) => {
  const axis = normalAxis(attribute(node, 'axis', 'int', 0), x!.dims.length)
  const length = x!.dims[axis]!
  const count = attribute(node, 'num_outputs', 'int', node.outputs.length)
  const chunk = Math.ceil(length / count)
  const lengths = sizes ? list(sizes) : Array.from({ length: count }, (_, i) => Math.min(chunk, length - i * chunk))
  let start = 0
  return lengths.map(size => narrow(x!, axis, (start += size) - size, size))
}

/** Index into an axis of `length` for a position outside it; -1: the constant. */
const padIndex: Readonly<Record<string, (at: number, length: number) => number>> = {
  constant: (at, length) => (at >= 0 && at < length ? at : -1),
  edge: (at, length) => Math.min(Math.max(at, 0), length - 1),
  reflect: (at, length) => {
    const period = Math.max(1, 2 * (length - 1))
    const rest = ((at % period) + period) % period
    return Math.min(rest, period - rest) % length
  },
  wrap: (at, length) => ((at % length) + length) % length,
}

/** Pads each axis by `before` and `after`; negative amounts crop, and do so before anything is reflected or wrapped. */
function pad(x: NdArray, before: readonly number[], after: readonly number[], mode = 'constant', value = 0): NdArray {
  const kept = x.dims.map((dim, axis) => Math.max(0, dim + Math.min(0, before[axis]!) + Math.min(0, after[axis]!)))
  const strides = rowStrides(x.dims)
  const cropped = view(
    x,
    kept,
    strides,
    strides.reduce((offset, stride, axis) => offset + stride * Math.max(0, -before[axis]!), 0),
  )
  return kept.reduce((array, length, axis) => {
    const low = Math.max(0, before[axis]!)
    const high = Math.max(0, after[axis]!)
    if (low + high === 0) return array
    const sources = Array.from({ length: length + low + high }, (_, i) => padIndex[mode]!(i - low, length))
    const [outer, , inner] = around(array.dims, axis)
    const data = new Float64Array(outer * sources.length * inner).fill(value)
    for (let i = 0; i < outer; i++)
      sources.forEach((source, j) => {
        const from = (i * length + source) * inner
        if (source >= 0) data.set(array.data.subarray(from, from + inner), (i * sources.length + j) * inner)
      })
    return { dtype: x.dtype, dims: array.dims.map((dim, i) => (i === axis ? sources.length : dim)), data }
  }, cropped)
}

const padOperator: OperatorEvaluation = ([x, pads, value, axes], { node }) => {
  const rank = x!.dims.length
  const over = axes ? axesOf(axes, rank) : x!.dims.map((_, axis) => axis)
  const before = new Array<number>(rank).fill(0)
  const after = new Array<number>(rank).fill(0)
  over.forEach((axis, i) => {
    before[axis] = pads!.data[i]!
    after[axis] = pads!.data[i + over.length]!
  })
  return [pad(x!, before, after, attribute(node, 'mode', 'string', 'constant'), value?.data[0] ?? 0)]
}

const regroup = (x: NdArray, dims: readonly number[], perm: readonly number[], out: readonly number[]): NdArray =>
  reshaped(transposed(reshaped(x, dims), perm), out)

const centerCropPad: OperatorEvaluation = ([x, shape], { node }) => {
  const rank = x!.dims.length
  const given = attribute(node, 'axes', 'ints')
  const axes = given ? given.map(axis => normalAxis(axis, rank)) : x!.dims.map((_, axis) => axis)
  const before = new Array<number>(rank).fill(0)
  const after = new Array<number>(rank).fill(0)
  axes.forEach((axis, i) => {
    const extra = shape!.data[i]! - x!.dims[axis]!
    before[axis] = extra < 0 ? -Math.floor(-extra / 2) : Math.floor(extra / 2)
    after[axis] = extra - before[axis]!
  })
  return [pad(x!, before, after)]
}

export const movement: OperatorEvaluations = {
  Reshape: ([x, shape], { node }) => [reshaped(x!, reshapedDims(x!, list(shape!), attribute(node, 'allowzero', 'int', 0) !== 0))],
  Flatten: ([x], { node }) => {
    const axis = attribute(node, 'axis', 'int', 1)
    const at = axis < 0 ? axis + x!.dims.length : axis
    return [reshaped(x!, [elementCount(x!.dims.slice(0, at)), elementCount(x!.dims.slice(at))])]
  },
  Squeeze: ([x, axes]) => {
    const gone = axes && new Set(axesOf(axes, x!.dims.length))
    return [
      reshaped(
        x!,
        x!.dims.filter((dim, axis) => (gone ? !gone.has(axis) : dim !== 1)),
      ),
    ]
  },
  Unsqueeze: ([x, axes]) => {
    const dims = [...x!.dims]
    for (const axis of axesOf(axes!, dims.length + axes!.data.length).sort((a, b) => a - b)) dims.splice(axis, 0, 1)
    return [reshaped(x!, dims)]
  },
  Transpose: ([x], { node }) => [transposed(x!, attribute(node, 'perm', 'ints') ?? x!.dims.map((_, axis) => axis).reverse())],
  Expand: ([x, shape]) => [expand(x!, broadcastDims(x!.dims, list(shape!)))],
  Tile: ([x, repeats]) => {
    const strides = rowStrides(x!.dims)
    return [
      reshaped(
        view(
          x!,
          x!.dims.flatMap((dim, axis) => [repeats!.data[axis]!, dim]),
          strides.flatMap(stride => [0, stride]),
        ),
        x!.dims.map((dim, axis) => dim * repeats!.data[axis]!),
      ),
    ]
  },
  Concat: (inputs, { node }) => [concat(inputs as readonly NdArray[], attribute(node, 'axis', 'int', 0))],
  Slice: slice,
  Split: split,
  Pad: padOperator,
  CenterCropPad: centerCropPad,
  DepthToSpace: ([x], { node }) => {
    const [n, c, h, w] = x!.dims as [number, number, number, number]
    const b = attribute(node, 'blocksize', 'int', 1)
    const rest = c / (b * b)
    const out = [n, rest, h * b, w * b]
    return attribute(node, 'mode', 'string', 'DCR') === 'DCR'
      ? [regroup(x!, [n, b, b, rest, h, w], [0, 3, 4, 1, 5, 2], out)]
      : [regroup(x!, [n, rest, b, b, h, w], [0, 1, 4, 2, 5, 3], out)]
  },
  SpaceToDepth: ([x], { node }) => {
    const [n, c, h, w] = x!.dims as [number, number, number, number]
    const b = attribute(node, 'blocksize', 'int', 1)
    return [regroup(x!, [n, c, h / b, b, w / b, b], [0, 3, 5, 1, 2, 4], [n, c * b * b, h / b, w / b])]
  },
  ReverseSequence: ([x, lengths], { node }) => {
    const batch = attribute(node, 'batch_axis', 'int', 1)
    const strides = rowStrides(x!.dims)
    const data = Float64Array.from(x!.data)
    forEachLine(x!.dims, attribute(node, 'time_axis', 'int', 0), (start, step) => {
      const count = lengths!.data[Math.floor(start / strides[batch]!) % x!.dims[batch]!]!
      for (let t = 0; t < count; t++) data[start + t * step] = x!.data[start + (count - 1 - t) * step]!
    })
    return [{ ...x!, data }]
  },
  Trilu: ([x, k], { node }) => {
    const upper = attribute(node, 'upper', 'int', 1) !== 0
    const shift = k?.data[0] ?? 0
    const [rows, columns] = x!.dims.slice(-2) as [number, number]
    const keep = (at: number): boolean => {
      const beyond = (at % columns) - (Math.floor(at / columns) % rows) - shift
      return upper ? beyond >= 0 : beyond <= 0
    }
    return [{ ...x!, data: x!.data.map((value, at) => (keep(at) ? value : 0)) }]
  },
}
