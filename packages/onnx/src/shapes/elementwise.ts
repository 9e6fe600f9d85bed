/** @file Operators that keep their input's shape or broadcast their inputs: arithmetic, comparison, logic, activations, casts. */
import type { DataType } from '../dtype.js'
import { dataTypeOfCode, dataTypes } from '../dtype.js'
import type { Dimension } from '../graph.js'
import { broadcast, broadcastIndices, like, one, rules, smallCount } from './common.js'
import { addDims, divideDims, floorDivideDims, multiplyDims, subtractDims } from './dimension.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'

type Scalar = (values: readonly Dimension[], dtype: DataType) => Dimension

const integer = (dtype: DataType): boolean => /^u?int/.test(dtype)

/** Rounds to what the element type holds; null where a double cannot hold it. */
function settle(value: Dimension, dtype: DataType): Dimension {
  if (typeof value !== 'number') return value
  if (dtype === 'float32') return Math.fround(value)
  if (integer(dtype)) return Number.isSafeInteger(value) || value === 2 ** 63 || value === -(2 ** 63) ? value : null
  return value
}

/** Elements of a broadcasting operator; undefined unless all inputs' contents and shapes are known. */
function elementwise(c: ShapeContext, out: readonly Dimension[] | null, dtype: DataType, compute: Scalar) {
  if (smallCount(out) === undefined) return undefined
  const contents: (readonly Dimension[])[] = []
  for (let i = 0; i < c.inputCount; i++) {
    const own = c.shape(i)
    const elements = smallCount(own) === undefined ? undefined : c.elements(i)
    if (!elements) return undefined
    const indices = broadcastIndices(own as readonly number[], out as readonly number[])
    contents.push(indices.map(index => elements[index] ?? null))
  }
  const input = c.dtype(0)
  return contents[0]?.map((_, i) =>
    settle(
      compute(
        contents.map(list => list[i]!),
        input,
      ),
      dtype,
    ),
  )
}

const broadcasting =
  (compute?: Scalar, result?: DataType): ShapeRule =>
  c => {
    const dtype = result ?? c.dtype(0)
    for (let i = 1; i < c.inputCount; i++)
      if (c.has(i) && c.type(i) && c.dtype(i) !== c.dtype(0) && c.node.operator !== 'Pow')
        c.fail(`inputs have different types, ${c.dtype(0)} and ${c.dtype(i)}`)
    const shapes = Array.from({ length: c.inputCount }, (_, i) => c.shape(i))
    const out = broadcast(c, shapes)
    return one(dtype, out, compute && elementwise(c, out, dtype, compute))
  }

const unary =
  (compute?: Scalar, result?: DataType): ShapeRule =>
  c => {
    const dtype = result ?? c.dtype(0)
    const elements = compute && c.elements(0)
    return one(
      dtype,
      c.shape(0),
      elements?.map(value => settle(compute!([value], c.dtype(0)), dtype)),
    )
  }

const numeric =
  (f: (...values: number[]) => number): Scalar =>
  values =>
    values.every(value => typeof value === 'number') ? f(...(values as number[])) : null

const divide: Scalar = ([a, b], dtype) => {
  if (typeof a === 'number' && typeof b === 'number') return integer(dtype) ? (b === 0 ? null : Math.trunc(a / b)) : a / b
  return integer(dtype) ? floorDivideDims(a!, b!) : divideDims(a!, b!)
}

const fold =
  (f: (a: Dimension, b: Dimension) => Dimension): Scalar =>
  values =>
    values.reduce(f)

const extreme =
  (f: (a: number, b: number) => number): Scalar =>
  values =>
    values.reduce((a, b) => (a === b ? a : typeof a === 'number' && typeof b === 'number' ? f(a, b) : null))

/** Symbolic dimensions are taken to be non-negative, nothing more. */
const equal: Scalar = ([a, b]) => {
  if (a === null || b === null) return null
  if (a === b) return 1
  if (typeof a === 'number' && typeof b === 'number') return 0
  const number = typeof a === 'number' ? a : b
  const other = typeof a === 'number' ? b : a
  return typeof number === 'number' && number < 0 && /^[^\s+\-*/(),]+$/.test(String(other)) ? 0 : null
}

const mod: ShapeRule = c =>
  broadcasting(([a, b]) => {
    if (typeof a !== 'number' || typeof b !== 'number') return a === b && a !== null ? 0 : null
    if (b === 0) return null
    return c.int('fmod', 0) ? a % b : a - b * Math.floor(a / b)
  })(c)

const cast = (c: ShapeContext, to: DataType): readonly ShapeResult[] => {
  const elements = integer(to) && c.type(0)?.dtype.startsWith('float') ? truncated(c.elements(0)) : c.elements(0)
  if (to === 'bool')
    return one(
      to,
      c.shape(0),
      elements?.map(value => (typeof value === 'number' ? Number(value !== 0) : null)),
    )
  const narrow = dataTypes[to].bits < 32 || to.startsWith('float8')
  return one(to, c.shape(0), narrow ? undefined : elements?.map(value => settle(value, to)))
}

const truncated = (elements: readonly Dimension[] | undefined): readonly Dimension[] | undefined =>
  elements?.map(value => (typeof value === 'number' ? Math.trunc(value) : value))

const where: ShapeRule = c => {
  const out = broadcast(c, [c.shape(0), c.shape(1), c.shape(2)])
  const pick: Scalar = ([condition, a, b]) => (typeof condition === 'number' ? (condition ? a! : b!) : a === b ? a! : null)
  return one(c.dtype(1), out, elementwise(c, out, c.dtype(1), pick))
}

const roundEven = (value: number): number => {
  const low = Math.floor(value)
  return value - low > 0.5 || (value - low === 0.5 && low % 2 !== 0) ? low + 1 : low
}

/** A symbol in a float tensor is a whole number, so rounding leaves it. */
const rounding =
  (f: (value: number) => number): Scalar =>
  ([value]) =>
    typeof value === 'number' ? f(value) : value!

const sameShape = [
  'Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Bernoulli', 'BitwiseNot', 'Celu', 'Clip', 'Cos', 'Cosh', 'CumProd', 'CumSum',
  'Elu', 'Erf', 'Exp', 'Gelu', 'HardSigmoid', 'HardSwish', 'Hardmax', 'LeakyRelu', 'Log', 'LogSoftmax', 'LpNormalization', 'LRN',
  'MeanVarianceNormalization', 'Mish', 'Relu', 'Selu', 'Shrink', 'Sigmoid', 'Sin', 'Sinh', 'Softmax', 'Softplus', 'Softsign',
  'Swish', 'Tan', 'Tanh', 'ThresholdedRelu', 'Trilu', 'ReverseSequence', 'InstanceNormalization', 'GroupNormalization',
  'RotaryEmbedding', 'TensorScatter',
] as const // biome-ignore format: a list

const sameOrDtype: ShapeRule = c => {
  const code = c.int('dtype')
  return one((code ? dataTypeOfCode(code) : undefined) ?? c.dtype(0), c.shape(0))
}

export const elementwiseRules: ShapeRules = {
  ...rules(sameShape, like()),
  Bernoulli: sameOrDtype,
  Abs: unary(([v]) => (typeof v === 'number' ? Math.abs(v) : v!)),
  Neg: unary(([v]) => subtractDims(0, v!)),
  Sign: unary(numeric(Math.sign)),
  Sqrt: unary(numeric(Math.sqrt)),
  Reciprocal: unary(numeric(v => 1 / v)),
  Ceil: unary(rounding(Math.ceil)),
  Floor: unary(rounding(Math.floor)),
  Round: unary(rounding(roundEven)),
  Not: unary(numeric(v => Number(!v))),
  IsInf: unary(undefined, 'bool'),
  IsNaN: unary(undefined, 'bool'),
  Add: broadcasting(fold(addDims)),
  Sub: broadcasting(fold(subtractDims)),
  Mul: broadcasting(fold(multiplyDims)),
  Div: broadcasting(divide),
  Mod: mod,
  Pow: broadcasting(numeric(Math.pow)),
  Min: broadcasting(extreme(Math.min)),
  Max: broadcasting(extreme(Math.max)),
  Sum: broadcasting(fold(addDims)),
  Mean: broadcasting(),
  PRelu: like(),
  BitShift: broadcasting(),
  BitwiseAnd: broadcasting(),
  BitwiseOr: broadcasting(),
  BitwiseXor: broadcasting(),
  And: broadcasting(([a, b]) => (a === 0 || b === 0 ? 0 : a === null || b === null ? null : 1), 'bool'),
  Or: broadcasting(([a, b]) => (a === 1 || b === 1 ? 1 : a === null || b === null ? null : 0), 'bool'),
  Xor: broadcasting(
    numeric((a, b) => Number(Boolean(a) !== Boolean(b))),
    'bool',
  ),
  Equal: broadcasting(equal, 'bool'),
  Greater: broadcasting(
    numeric((a, b) => Number(a > b)),
    'bool',
  ),
  GreaterOrEqual: broadcasting(
    numeric((a, b) => Number(a >= b)),
    'bool',
  ),
  Less: broadcasting(
    numeric((a, b) => Number(a < b)),
    'bool',
  ),
  LessOrEqual: broadcasting(
    numeric((a, b) => Number(a <= b)),
    'bool',
  ),
  Where: where,
  Cast: c => cast(c, dataTypeOfCode(c.int('to', 1)) ?? c.fail(`unknown type ${c.int('to')}`)),
  CastLike: c => cast(c, c.dtype(1)),
  Dropout: c => [...one(c.dtype(0), c.shape(0), c.elements(0)), { dtype: 'bool', shape: c.shape(0) }],
}
