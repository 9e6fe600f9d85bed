/** @file Operators that make tensors from attributes, sizes and ranges. */
import { type Attribute, attribute } from '../attributes.js'
import { type DataType, dataTypeOfCode } from '../dtype.js'
import { NotEvaluableError } from '../errors.js'
import { elementCount } from '../tensor.js'
import { fromTensor, type NdArray, ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { list, normalAxis, rowStrides, scalar } from './strided.js'

const constants: Readonly<Record<string, (attribute: Attribute) => NdArray>> = {
  value: a => fromTensor((a as Extract<Attribute, { kind: 'tensor' }>).value),
  value_float: a => scalar(a.value as number, 'float32'),
  value_int: a => scalar(a.value as number, 'int64'),
  value_floats: a => ndarray([(a.value as readonly number[]).length], a.value as readonly number[], 'float32'),
  value_ints: a => ndarray([(a.value as readonly number[]).length], a.value as readonly number[], 'int64'),
}

const typeAttribute = (code: number | undefined, fallback: DataType): DataType =>
  code === undefined ? fallback : dataTypeOfCode(code)!

/** Window functions are a - b cos(2 pi n / N) + c cos(4 pi n / N), with N = size, or size - 1 for a symmetric one. */
const window =
  (a: number, b: number, c: number): OperatorEvaluation =>
  ([size], { node }) => {
    const count = size!.data[0]!
    const period = attribute(node, 'periodic', 'int', 1) ? count : count - 1
    const at = (n: number): number => a - b * Math.cos((2 * Math.PI * n) / period) + c * Math.cos((4 * Math.PI * n) / period)
    const dtype = typeAttribute(attribute(node, 'output_datatype', 'int'), 'float32')
    return [
      ndarray(
        [count],
        Array.from({ length: count }, (_, n) => at(n)),
        dtype,
      ),
    ]
  }

export const creation: OperatorEvaluations = {
  Constant: (_, { node }) => {
    const found = Object.keys(node.attributes).find(name => constants[name])
    if (found === undefined) throw new NotEvaluableError(`Constant "${node.name}" holds neither numbers nor a dense tensor`)
    return [constants[found]!(node.attributes[found]!)]
  },
  ConstantOfShape: ([shape], { node }) => {
    const value = attribute(node, 'value', 'tensor')
    const dims = list(shape!)
    const fill = value?.scalar() ?? 0
    return [ndarray(dims, new Float64Array(elementCount(dims)).fill(fill), value?.dtype ?? 'float32')]
  },
  EyeLike: ([x], { node }) => {
    const [, columns] = x!.dims as [number, number]
    const shift = attribute(node, 'k', 'int', 0)
    const on = (at: number): boolean => (at % columns) - Math.floor(at / columns) === shift
    const dtype = typeAttribute(attribute(node, 'dtype', 'int'), x!.dtype)
    return [
      ndarray(
        x!.dims,
        x!.data.map((_, at) => (on(at) ? 1 : 0)),
        dtype,
      ),
    ]
  },
  Range: ([start, limit, delta]) => {
    const [from, to, step] = [start!, limit!, delta!].map(x => x.data[0]!) as [number, number, number]
    const count = Math.max(0, Math.ceil((to - from) / step))
    return [
      ndarray(
        [count],
        Array.from({ length: count }, (_, i) => from + i * step),
        start!.dtype,
      ),
    ]
  },
  Shape: ([x], { node }) => {
    const dims = x!.dims.slice(attribute(node, 'start', 'int', 0), attribute(node, 'end', 'int'))
    return [ndarray([dims.length], dims, 'int64')]
  },
  Size: ([x]) => [scalar(x!.data.length, 'int64')],
  OneHot: ([indices, depth, values], { node }) => {
    const rank = indices!.dims.length
    const axis = normalAxis(attribute(node, 'axis', 'int', -1), rank + 1)
    const classes = depth!.data[0]!
    const dims = [...indices!.dims.slice(0, axis), classes, ...indices!.dims.slice(axis)]
    const [off, on] = values!.data as unknown as [number, number]
    const data = new Float64Array(elementCount(dims)).fill(off)
    const inner = rowStrides(dims)[axis]!
    indices!.data.forEach((index, i) => {
      const hot = index < 0 ? index + classes : index
      if (hot >= 0 && hot < classes) data[Math.floor(i / inner) * classes * inner + hot * inner + (i % inner)] = on
    })
    return [ndarray(dims, data, values!.dtype)]
  },
  HannWindow: window(0.5, 0.5, 0),
  HammingWindow: window(25 / 46, 21 / 46, 0),
  BlackmanWindow: window(0.42, 0.5, 0.08),
}
