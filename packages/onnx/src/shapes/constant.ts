/** @file Operators that make values out of nothing or out of shapes: constants, ranges, shapes, random numbers, windows. */
import { type DataType, dataTypeOfCode } from '../dtype.js'
import type { Dimension, Shape } from '../graph.js'
import { Tensor } from '../tensor.js'
import { axisOf, expectRank, one, rules, shapeFromElements, smallCount } from './common.js'
import { productDims } from './dimension.js'
import { maxElements, type ShapeContext, type ShapeResult, type ShapeRule, type ShapeRules } from './rule.js'

/** The tensor a Constant node holds; dense forms keep their bytes. */
export function constantTensor(attributes: ShapeContext['node']['attributes']): Tensor | undefined {
  for (const [name, held] of Object.entries(attributes)) {
    if (held.kind === 'tensor' && name === 'value') return held.value
    if (held.kind === 'int' && name === 'value_int') return Tensor.from('int64', [], [held.value])
    if (held.kind === 'ints' && name === 'value_ints') return Tensor.ints(held.value)
    if (held.kind === 'float' && name === 'value_float') return Tensor.from('float32', [], [held.value])
    if (held.kind === 'floats' && name === 'value_floats') return Tensor.from('float32', [held.value.length], held.value)
    if (held.kind === 'string' && name === 'value_string') return Tensor.strings([], [held.value])
    if (held.kind === 'strings' && name === 'value_strings') return Tensor.strings([held.value.length], held.value)
    // An empty list in the file has no kind of its own.
    if (name === 'value_ints' || name === 'value_floats') return Tensor.from(name === 'value_ints' ? 'int64' : 'float32', [0], [])
    if (held.kind === 'tensor' && name === 'sparse_value') return held.value
  }
  return undefined
}

const constant: ShapeRule = c => {
  const tensor = constantTensor(c.node.attributes)
  return [tensor && { dtype: tensor.dtype, shape: tensor.dims, tensor }]
}

const shape: ShapeRule = c => {
  const dims = c.shape(0)
  if (dims === null) return one('int64', c.has(0) ? [null] : null)
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + dims.length : at, 0), dims.length)
  const picked = dims.slice(clamp(c.int('start', 0)), clamp(c.int('end', dims.length)))
  return one('int64', [picked.length], picked)
}

const constantOfShape: ShapeRule = c => {
  const value = c.attribute('value')
  const tensor = value?.kind === 'tensor' ? value.value : undefined
  const out = shapeFromElements(c, 0)
  const count = smallCount(out)
  const fill = tensor ? tensor.scalar() : 0
  return one(tensor?.dtype ?? 'float32', out, count === undefined ? undefined : new Array<Dimension>(count).fill(fill))
}

const range: ShapeRule = c => {
  const dtype = c.dtype(0)
  const [start, limit, delta] = [0, 1, 2].map(i => c.elements(i)?.[0] ?? null) as [Dimension, Dimension, Dimension]
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
    if (delta === 0) c.fail('the step is zero')
    const count = Math.max(0, Math.ceil((limit - start) / delta))
    const follow = count <= maxElements && /int/.test(dtype)
    return one(dtype, [count], follow ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined)
  }
  return one(dtype, [start === 0 && delta === 1 ? limit : null])
}

const eyeLike: ShapeRule = c => {
  expectRank(c, 0, 2)
  return one(dtypeOf(c) ?? c.dtype(0), c.shape(0))
}

const dtypeOf = (c: ShapeContext): DataType | undefined => dataTypeOfCode(c.int('dtype', 0))

const window: ShapeRule = c => one(dataTypeOfCode(c.int('output_datatype', 1)) ?? 'float32', [c.elements(0)?.[0] ?? null])

const oneHot: ShapeRule = c => {
  const indices = c.shape(0)
  if (!indices) return one(c.dtype(2), null)
  const axis = axisOf(c, c.int('axis', -1), indices.length + 1)
  const depth = c.elements(1)?.[0] ?? null
  return one(c.dtype(2), [...indices.slice(0, axis), depth, ...indices.slice(axis)])
}

const identity: ShapeRule = c => {
  const type = c.type(0)
  if (!type) return [undefined]
  const tensor = c.tensor(0)
  const elements = tensor ? undefined : c.elements(0)
  const result: ShapeResult = { dtype: type.dtype, shape: type.shape, ...(type.kind && { kind: type.kind }) }
  return [{ ...result, ...(tensor && { tensor }), ...(elements && { elements }) }]
}

const randomShape = (c: ShapeContext): Shape => c.ints('shape') ?? c.fail('it has no shape attribute')

export const constantRules: ShapeRules = {
  Constant: constant,
  Identity: identity,
  Shape: shape,
  Size: c => {
    const dims = c.shape(0)
    return one('int64', [], dims ? [productDims(dims)] : undefined)
  },
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  OneHot: oneHot,
  ...rules(['RandomNormal', 'RandomUniform'], c => one(dtypeOf(c) ?? 'float32', randomShape(c))),
  ...rules(['RandomNormalLike', 'RandomUniformLike'], c => one(dtypeOf(c) ?? c.dtype(0), c.shape(0))),
  Multinomial: c => one(dtypeOf(c) ?? 'int32', [c.shape(0)?.[0] ?? null, c.int('sample_size', 1)]),
  ...rules(['HannWindow', 'HammingWindow', 'BlackmanWindow'], window),
  MelWeightMatrix: c => {
    const length = c.numbers(1)?.[0]
    const bins = c.numbers(0)?.[0] ?? null
    const type = dataTypeOfCode(c.int('output_datatype', 1)) ?? 'float32'
    return one(type, [length === undefined ? null : Math.floor(length / 2) + 1, bins])
  },
}
