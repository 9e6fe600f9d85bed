/** @file Softmax and its relatives along one axis. */
import { attribute } from '../attributes.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { logSumExp } from './reduce.js'
import { forEachLine, normalAxis } from './strided.js'

/** Replaces each line along an axis by a function of it. */
export function mapLines(x: NdArray, axis: number, f: (line: Float64Array) => ArrayLike<number>): NdArray {
  const data = new Float64Array(x.data.length)
  forEachLine(x.dims, normalAxis(axis, x.dims.length), (start, step, length) => {
    const line = new Float64Array(length)
    for (let i = 0; i < length; i++) line[i] = x.data[start + i * step]!
    const result = f(line)
    for (let i = 0; i < length; i++) data[start + i * step] = result[i]!
  })
  return { dtype: x.dtype, dims: x.dims, data }
}

export const softmax = (x: NdArray, axis = -1): NdArray =>
  mapLines(x, axis, line => {
    const top = line.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const powers = line.map(v => Math.exp(v - top))
    const sum = powers.reduce((a, b) => a + b, 0)
    return powers.map(v => v / sum)
  })

export const logSoftmax = (x: NdArray, axis = -1): NdArray =>
  mapLines(x, axis, line => {
    const total = logSumExp(line)
    return line.map(v => v - total)
  })

const along =
  (f: (x: NdArray, axis: number) => NdArray): OperatorEvaluation =>
  ([x], { node }) => [f(x!, attribute(node, 'axis', 'int', -1))]

export const softmaxes: OperatorEvaluations = {
  Softmax: along(softmax),
  LogSoftmax: along(logSoftmax),
  Hardmax: along((x, axis) =>
    mapLines(x, axis, line => {
      const best = line.reduce((top, v, i) => (v > line[top]! ? i : top), 0)
      return line.map((_, i) => (i === best ? 1 : 0))
    }),
  ),
}
