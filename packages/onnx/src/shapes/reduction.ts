/** @file Reductions over axes, arg-reductions, top-k. */
import type { Dimension } from '../graph.js'
import { axesOf, axisOf, one, rules, unknownDims } from './common.js'
import { addDims, multiplyDims } from './dimension.js'
import type { ShapeRule, ShapeRules } from './rule.js'

const extreme =
  (f: (a: number, b: number) => number) =>
  (a: Dimension, b: Dimension): Dimension =>
    a === b ? a : typeof a === 'number' && typeof b === 'number' ? f(a, b) : null

const reduce =
  (combine?: (a: Dimension, b: Dimension) => Dimension): ShapeRule =>
  c => {
    const dtype = c.dtype(0)
    const from = c.shape(0)
    const keep = c.int('keepdims', 1) !== 0
    const given = axesOf(c, 1)
    if (!from) return one(dtype, given === null && !keep && !c.int('noop_with_empty_axes', 0) ? [] : null)
    if (given === undefined) {
      const count = c.shape(1)?.[0]
      return one(dtype, keep ? unknownDims(from.length) : typeof count === 'number' ? unknownDims(from.length - count) : null)
    }
    if ((given === null || given.length === 0) && c.int('noop_with_empty_axes', 0)) return one(dtype, from, c.elements(0))
    const axes = new Set(given?.length ? given.map(axis => axisOf(c, axis, from.length, 'axes entry')) : from.map((_, i) => i))
    const out = from.flatMap((dim, i) => (axes.has(i) ? (keep ? [1] : []) : [dim]))
    const contents = combine && axes.size === from.length ? c.elements(0) : undefined
    return one(dtype, out, contents?.length ? [contents.reduce(combine!)] : undefined)
  }

const arg: ShapeRule = c => {
  const from = c.shape(0)
  if (!from) return one('int64', null)
  const axis = axisOf(c, c.int('axis', 0), from.length)
  const keep = c.int('keepdims', 1) !== 0
  return one(
    'int64',
    from.flatMap((dim, i) => (i === axis ? (keep ? [1] : []) : [dim])),
  )
}

const topK: ShapeRule = c => {
  const from = c.shape(0)
  const dtype = c.dtype(0)
  if (!from) return [...one(dtype, null), ...one('int64', null)]
  const axis = axisOf(c, c.int('axis', -1), from.length)
  const k = c.elements(1)?.[0] ?? null
  const size = from[axis]
  if (typeof k === 'number' && typeof size === 'number' && (k > size || k < 0)) c.fail(`k = ${k} of only ${size} elements`)
  const out = from.map((dim, i) => (i === axis ? k : dim))
  return [...one(dtype, out), ...one('int64', out)]
}

export const reductionRules: ShapeRules = {
  ...rules(['ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceMean', 'ReduceSumSquare'], reduce()),
  ReduceSum: reduce(addDims),
  ReduceProd: reduce(multiplyDims),
  ReduceMax: reduce(extreme(Math.max)),
  ReduceMin: reduce(extreme(Math.min)),
  ArgMax: arg,
  ArgMin: arg,
  TopK: topK,
}
