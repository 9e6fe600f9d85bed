/** @file Gather and scatter, and operators whose output length depends on the data. */
import type { Dimension } from '../graph.js'
import { axisOf, like, one, rules, smallCount } from './common.js'
import type { ShapeRule, ShapeRules } from './rule.js'

const gather: ShapeRule = c => {
  const dtype = c.dtype(0)
  const data = c.shape(0)
  const at = c.shape(1)
  if (!data || !at) return one(dtype, null)
  const axis = axisOf(c, c.int('axis', 0), data.length)
  const out = [...data.slice(0, axis), ...at, ...data.slice(axis + 1)]
  const indices = smallCount(at) === undefined ? undefined : c.numbers(1)
  const size = data[axis]
  const outside = indices?.find(index => typeof size === 'number' && (index >= size || index < -size))
  if (outside !== undefined) c.fail(`index ${outside} is outside dimension ${axis} of ${size}`)
  const contents = indices && data.length === 1 ? c.elements(0) : undefined
  return one(dtype, out, contents && indices!.map(index => contents.at(index) ?? null))
}

const gatherND: ShapeRule = c => {
  const data = c.shape(0)
  const indices = c.shape(1)
  const depth = indices?.at(-1)
  if (!data || !indices || typeof depth !== 'number') return one(c.dtype(0), null)
  const batch = c.int('batch_dims', 0)
  if (batch + depth > data.length)
    c.fail(`${depth} index entries after ${batch} batch dimensions exceed the data's ${data.length} dimensions`)
  return one(c.dtype(0), [...indices.slice(0, -1), ...data.slice(batch + depth)])
}

const compress: ShapeRule = c => {
  const from = c.shape(0)
  const condition = c.numbers(1)
  const raw = c.int('axis')
  if (raw === undefined || !from)
    return one(c.dtype(0), raw === undefined ? [condition ? condition.filter(Boolean).length : null] : null)
  const axis = axisOf(c, raw, from.length)
  return one(
    c.dtype(0),
    from.map((dim, i) => (i === axis ? (condition ? condition.filter(Boolean).length : null) : dim)),
  )
}

const unique: ShapeRule = c => {
  const from = c.shape(0)
  const axis = c.int('axis')
  const shape =
    axis === undefined ? [null] : from ? from.map((dim, i) => (i === axisOf(c, axis, from.length) ? null : dim)) : null
  return [...one(c.dtype(0), shape), ...one('int64', [null]), ...one('int64', [null]), ...one('int64', [null])]
}

/** Keeps the contents of a one-dimensional tensor through a scatter: exporters edit shapes with it. */
const scatterND: ShapeRule = c => {
  const data = c.shape(0)
  const contents = data?.length === 1 ? c.elements(0) : undefined
  const indices = contents && c.numbers(1)
  const updates = indices && c.elements(2)
  if (!updates || c.string('reduction', 'none') !== 'none' || updates.length !== indices!.length) return one(c.dtype(0), data)
  const out: Dimension[] = [...contents!]
  indices!.forEach((index, i) => {
    out[index < 0 ? index + out.length : index] = updates[i]!
  })
  return one(c.dtype(0), data, out.length === contents!.length ? out : undefined)
}

export const indexingRules: ShapeRules = {
  Gather: gather,
  GatherND: gatherND,
  GatherElements: c => one(c.dtype(0), c.shape(1)),
  ...rules(['Scatter', 'ScatterElements'], like()),
  ScatterND: scatterND,
  NonZero: c => one('int64', [c.shape(0)?.length ?? null, null]),
  Compress: compress,
  Unique: unique,
  NonMaxSuppression: () => one('int64', [null, 3]),
}
