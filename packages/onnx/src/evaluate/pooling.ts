/** @file Pooling over sliding windows and over everything. */
import { attribute } from '../attributes.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { list } from './strided.js'
import { outside, type Windows, windowsOf } from './windows.js'

/** Calls `f` for each output with the plane's first element, the output's position in the plane, and its place in the result. */
function pool(x: NdArray, { out }: Windows, f: (base: number, output: number) => number): NdArray {
  const outputs = elementCount(out)
  const inputs = elementCount(x.dims.slice(2))
  const dims = [...x.dims.slice(0, 2), ...out]
  const data = new Float64Array(elementCount(dims))
  for (let i = 0; i < data.length; i++) data[i] = f(Math.floor(i / outputs) * inputs, i % outputs)
  return { dtype: x.dtype, dims, data }
}

const windowed = (x: NdArray, node: Parameters<typeof windowsOf>[0]): Windows =>
  windowsOf(node, x.dims.slice(2), attribute(node, 'kernel_shape', 'ints')!, attribute(node, 'ceil_mode', 'int', 0) !== 0)

/** Row-major position in a plane to column-major. */
function columnMajor(at: number, spatial: readonly number[]): number {
  let rest = at
  let flat = 0
  for (let axis = spatial.length - 1; axis >= 0; axis--) {
    flat += (rest % spatial[axis]!) * elementCount(spatial.slice(0, axis))
    rest = Math.floor(rest / spatial[axis]!)
  }
  return flat
}

const maxPool: OperatorEvaluation = ([x], { node }) => {
  const windows = windowed(x!, node)
  const { table, out } = windows
  const outputs = elementCount(out)
  const spatial = x!.dims.slice(2)
  const byColumn = attribute(node, 'storage_order', 'int', 0) !== 0
  const indices: number[] = []
  const values = pool(x!, windows, (base, output) => {
    let best = -1
    for (let k = output; k < table.length; k += outputs) {
      const at = table[k]!
      if (at >= 0 && (best < 0 || x!.data[base + at]! > x!.data[base + best]!)) best = at
    }
    indices.push(base + (byColumn ? columnMajor(best, spatial) : best))
    return best < 0 ? Number.NEGATIVE_INFINITY : x!.data[base + best]!
  })
  return [values, { dtype: 'int64', dims: values.dims, data: Float64Array.from(indices) }]
}

const averagePool: OperatorEvaluation = ([x], { node }) => {
  const windows = windowed(x!, node)
  const { table, out } = windows
  const outputs = elementCount(out)
  const countPadding = attribute(node, 'count_include_pad', 'int', 0) !== 0
  return [
    pool(x!, windows, (base, output) => {
      let sum = 0
      let count = 0
      for (let k = output; k < table.length; k += outputs) {
        const at = table[k]!
        if (at >= 0) sum += x!.data[base + at]!
        if (at >= 0 || (countPadding && at !== outside)) count++
      }
      return sum / count
    }),
  ]
}

const lpPool: OperatorEvaluation = ([x], { node }) => {
  const windows = windowed(x!, node)
  const { table, out } = windows
  const outputs = elementCount(out)
  const p = attribute(node, 'p', 'int', 2)
  return [
    pool(x!, windows, (base, output) => {
      let sum = 0
      for (let k = output; k < table.length; k += outputs) if (table[k]! >= 0) sum += Math.abs(x!.data[base + table[k]!]!) ** p
      return sum ** (1 / p)
    }),
  ]
}

/** An index is a flat position in the output, whatever its shape: what MaxPool gave for an input of that shape. */
const maxUnpool: OperatorEvaluation = ([x, indices, shape], { node }) => {
  const kernel = attribute(node, 'kernel_shape', 'ints')!
  const strides = attribute(node, 'strides', 'ints') ?? kernel.map(() => 1)
  const pads = attribute(node, 'pads', 'ints') ?? [...kernel, ...kernel].map(() => 0)
  const natural = x!.dims.slice(2).map((dim, i) => (dim - 1) * strides[i]! - pads[i]! - pads[i + kernel.length]! + kernel[i]!)
  const dims = shape ? list(shape) : [...x!.dims.slice(0, 2), ...natural]
  const data = new Float64Array(elementCount(dims))
  indices!.data.forEach((index, i) => {
    data[index] = x!.data[i]!
  })
  return [{ dtype: x!.dtype, dims, data }]
}

const overAll =
  (f: (plane: Float64Array, node: Parameters<OperatorEvaluation>[1]['node']) => number): OperatorEvaluation =>
  ([x], { node }) => {
    const size = elementCount(x!.dims.slice(2))
    const dims = x!.dims.map((dim, axis) => (axis < 2 ? dim : 1))
    const data = Float64Array.from({ length: elementCount(dims) }, (_, i) => f(x!.data.subarray(i * size, (i + 1) * size), node))
    return [{ dtype: x!.dtype, dims, data }]
  }

export const poolings: OperatorEvaluations = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
  MaxUnpool: maxUnpool,
  GlobalAveragePool: overAll(plane => plane.reduce((sum, x) => sum + x, 0) / plane.length),
  GlobalMaxPool: overAll(plane => plane.reduce((top, x) => Math.max(top, x), Number.NEGATIVE_INFINITY)),
  GlobalLpPool: overAll((plane, node) => {
    const p = attribute(node, 'p', 'int', 2)
    return plane.reduce((sum, x) => sum + Math.abs(x) ** p, 0) ** (1 / p)
  }),
}
