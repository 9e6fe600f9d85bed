/** @file Elementwise operators without attributes of their own, comparisons, logic, bits. */
import { attribute } from '../attributes.js'
import { dataTypes, isFloat } from '../dtype.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { erf, roundEven, sigmoid, softplus } from './special.js'
import { broadcastDims, expand, map, map2, scalar } from './strided.js'

const unary =
  (f: (x: number) => number): OperatorEvaluation =>
  ([x]) => [map(x!, f)]

const test =
  (f: (x: number) => boolean): OperatorEvaluation =>
  ([x]) => [map(x!, value => (f(value) ? 1 : 0), 'bool')]

const binary =
  (f: (x: number, y: number) => number): OperatorEvaluation =>
  ([a, b]) => [map2(a!, b!, f)]

const compare =
  (f: (x: number, y: number) => boolean): OperatorEvaluation =>
  ([a, b]) => [map2(a!, b!, (x, y) => (f(x, y) ? 1 : 0), 'bool')]

const variadic =
  (f: (x: number, y: number) => number): OperatorEvaluation =>
  inputs => [inputs.slice(1).reduce<NdArray>((sum, x) => map2(sum, x!, f), inputs[0]!)]

/** A function of integers that is trunc(f) for integer types. */
const integral =
  (f: (x: number, y: number) => number): OperatorEvaluation =>
  ([a, b]) => [map2(a!, b!, isFloat(a!.dtype) ? f : (x, y) => Math.trunc(f(x, y)))]

const bits =
  (f: (x: bigint, y: bigint) => bigint): OperatorEvaluation =>
  ([a, b]) => {
    const width = dataTypes[a!.dtype].bits
    const wrap = a!.dtype.startsWith('u') ? BigInt.asUintN : BigInt.asIntN
    const g = (x: number, y: number): number => Number(wrap(width, f(BigInt(x), BigInt(y))))
    return [map2(a!, b ?? scalar(0, a!.dtype), g)]
  }

const sum = variadic((x, y) => x + y)

export const elementwise: OperatorEvaluations = {
  Abs: unary(Math.abs),
  Neg: unary(x => -x),
  Reciprocal: unary(x => 1 / x),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Tanh: unary(Math.tanh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sign: unary(Math.sign),
  Erf: unary(erf),
  Relu: unary(x => Math.max(x, 0)),
  Sigmoid: unary(sigmoid),
  Softplus: unary(softplus),
  Softsign: unary(x => x / (1 + Math.abs(x))),
  HardSwish: unary(x => x * Math.min(Math.max(x / 6 + 0.5, 0), 1)),
  Mish: unary(x => x * Math.tanh(softplus(x))),
  Identity: ([x]) => [x!],
  Not: test(x => x === 0),
  IsNaN: test(Number.isNaN),
  IsInf: ([x], { node }) => {
    const positive = attribute(node, 'detect_positive', 'int', 1) !== 0
    const negative = attribute(node, 'detect_negative', 'int', 1) !== 0
    return [map(x!, v => ((v === Infinity && positive) || (v === -Infinity && negative) ? 1 : 0), 'bool')]
  },
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: integral((x, y) => x / y),
  Pow: integral((x, y) => x ** y),
  Mod: ([a, b], { node }) => {
    const truncated = attribute(node, 'fmod', 'int', 0) !== 0
    const floored = (x: number, y: number): number => {
      const rest = x % y
      return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest
    }
    return [map2(a!, b!, truncated ? (x, y) => x % y : floored)]
  },
  Equal: compare((x, y) => x === y),
  Greater: compare((x, y) => x > y),
  GreaterOrEqual: compare((x, y) => x >= y),
  Less: compare((x, y) => x < y),
  LessOrEqual: compare((x, y) => x <= y),
  And: compare((x, y) => x !== 0 && y !== 0),
  Or: compare((x, y) => x !== 0 || y !== 0),
  Xor: compare((x, y) => (x !== 0) !== (y !== 0)),
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Sum: sum,
  Mean: (inputs, context) => sum(inputs, context).map(total => map(total, x => x / inputs.length)),
  Where: ([condition, a, b]) => {
    const dims = broadcastDims(condition!.dims, a!.dims, b!.dims)
    const [c, x, y] = [condition!, a!, b!].map(array => expand(array, dims).data)
    return [{ dtype: a!.dtype, dims, data: c!.map((flag, i) => (flag ? x![i]! : y![i]!)) }]
  },
  BitwiseAnd: bits((x, y) => x & y),
  BitwiseOr: bits((x, y) => x | y),
  BitwiseXor: bits((x, y) => x ^ y),
  BitwiseNot: bits(x => ~x),
  BitShift: (inputs, context) => {
    const left = attribute(context.node, 'direction', 'string') === 'LEFT'
    return bits(left ? (x, y) => x << y : (x, y) => x >> y)(inputs, context)
  },
}
