/** @file Reductions over axes. */
import { attribute } from '../attributes.js'
import { isFloat } from '../dtype.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { forEachLine, list, map, normalAxis, reshaped, transposed } from './strided.js'

type Fold = (values: Float64Array) => number

/** Reduces each group of elements that differ only along `axes`. */
export function reduce(x: NdArray, axes: readonly number[], keep: boolean, fold: Fold): NdArray {
  const rank = x.dims.length
  const gone = new Set(axes.map(axis => normalAxis(axis, rank)))
  const kept = x.dims.map((_, axis) => axis).filter(axis => !gone.has(axis))
  const last = [...gone].filter(axis => axis < rank).sort((a, b) => a - b)
  const rows = transposed(x, [...kept, ...last]).data
  const width = elementCount(last.map(axis => x.dims[axis]!))
  const dims = keep ? x.dims.map((dim, axis) => (gone.has(axis) ? 1 : dim)) : kept.map(axis => x.dims[axis]!)
  const data = new Float64Array(elementCount(dims))
  for (let i = 0; i < data.length; i++) data[i] = fold(rows.subarray(i * width, (i + 1) * width))
  return { dtype: x.dtype, dims, data }
}

const plus = (values: Float64Array, f: (x: number) => number = x => x): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += f(values[i]!)
  return sum
}

export const total: Fold = values => plus(values)

export const mean: Fold = values => plus(values) / values.length

/** Mean of the squared distance to the mean. */
export const variance: Fold = values => {
  const centre = mean(values)
  return plus(values, x => (x - centre) ** 2) / values.length
}

const extreme =
  (f: (x: number, y: number) => number, start: number): Fold =>
  values =>
    values.reduce(f, start)

const maximum = extreme((x, y) => Math.max(x, y), Number.NEGATIVE_INFINITY)

const minimum = extreme((x, y) => Math.min(x, y), Number.POSITIVE_INFINITY)

/** log(sum(exp)), safe for large values. */
export const logSumExp: Fold = values => {
  const top = maximum(values)
  return Number.isFinite(top) ? top + Math.log(plus(values, x => Math.exp(x - top))) : top
}

/** With noop_with_empty_axes and no axes each element is a group of its own, as in ONNX Runtime: ReduceSumSquare still squares. */
const reduction =
  (fold: Fold): OperatorEvaluation =>
  ([x, axes], { node }) => {
    const given = axes ? list(axes) : []
    const untouched = given.length === 0 && attribute(node, 'noop_with_empty_axes', 'int', 0) !== 0
    const over = given.length > 0 || untouched ? given : x!.dims.map((_, axis) => axis)
    const out = reduce(x!, over, attribute(node, 'keepdims', 'int', 1) !== 0, fold)
    return [isFloat(x!.dtype) ? out : map(out, Math.trunc)]
  }

const argument =
  (better: (x: number, best: number) => boolean): OperatorEvaluation =>
  ([x], { node }) => {
    const axis = normalAxis(attribute(node, 'axis', 'int', 0), x!.dims.length)
    const latest = attribute(node, 'select_last_index', 'int', 0) !== 0
    const find: Fold = values => {
      let best = 0
      for (let i = 1; i < values.length; i++)
        if (better(values[i]!, values[best]!) || (latest && values[i] === values[best])) best = i
      return best
    }
    return [{ ...reduce(x!, [axis], attribute(node, 'keepdims', 'int', 1) !== 0, find), dtype: 'int64' }]
  }

export const reductions: OperatorEvaluations = {
  ReduceSum: reduction(total),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(maximum),
  ReduceMin: reduction(minimum),
  ReduceProd: reduction(values => values.reduce((x, y) => x * y, 1)),
  ReduceL1: reduction(values => plus(values, Math.abs)),
  ReduceL2: reduction(values => Math.sqrt(plus(values, x => x * x))),
  ReduceSumSquare: reduction(values => plus(values, x => x * x)),
  ReduceLogSum: reduction(values => Math.log(plus(values))),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: argument((x, best) => x > best),
  ArgMin: argument((x, best) => x < best),
  CumSum: ([x, axis], { node }) => {
    const exclusive = attribute(node, 'exclusive', 'int', 0) !== 0
    const backwards = attribute(node, 'reverse', 'int', 0) !== 0
    const data = new Float64Array(x!.data.length)
    forEachLine(x!.dims, normalAxis(axis!.data[0]!, x!.dims.length), (start, step, length) => {
      for (let i = 0, sum = 0; i < length; i++) {
        const at = start + step * (backwards ? length - 1 - i : i)
        data[at] = exclusive ? sum : sum + x!.data[at]!
        sum += x!.data[at]!
      }
    })
    return [reshaped({ ...x!, data }, x!.dims)]
  },
}
