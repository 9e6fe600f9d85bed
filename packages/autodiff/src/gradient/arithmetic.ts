/** @file Gradients of elementwise arithmetic. Every rule gives the gradient in the output's shape; `broadcasting` sums it down. */
import { dataTypes, isFloat } from '@ascribe/onnx'
import { binary, broadcasting, none, type RuleContext, type RuleEntry, type RuleTable, single, unary, zero } from '../rule.js'
import { asFloat, sign } from './masks.js'

/** b x^(b-1), with 0 rather than 0 · ∞ where the exponent is zero. */
function powerBase(g: string, c: RuleContext): string | null {
  const [x, b] = [c.input(0), c.input(1)]
  const constant = c.constant(b)
  if (constant?.size === 1) {
    const p = constant.scalar()
    if (p === 0) return null
    if (p === 1) return g
    const power = p === 2 ? x : p === 3 ? c.emit('Mul', [x, x]) : c.emit('Pow', [x, c.scalar(p - 1)])
    return c.emit('Mul', [g, c.emit('Mul', [power, c.scalar(p)])])
  }
  const exponent = isFloat(c.dtype(b)) ? b : asFloat(b, c)
  const slope = c.emit('Mul', [exponent, c.emit('Pow', [x, c.emit('Sub', [exponent, c.scalar(1)])])])
  const none = c.emit('Equal', [exponent, c.scalar(0)])
  return c.emit('Mul', [g, c.emit('Where', [none, c.scalar(0), slope])])
}

/** y ln x, with 0 at x = 0. */
function powerExponent(g: string, c: RuleContext): string {
  const x = c.input(0)
  const safe = c.emit('Where', [c.emit('Equal', [x, c.scalar(0)]), c.scalar(1), x])
  return c.emit('Mul', [g, c.emit('Mul', [c.output(0), c.emit('Log', [safe])])])
}

/** Every input that equals the result gets an equal share. */
const extreme = (wins: 'Greater' | 'Less'): RuleEntry =>
  single((g, c) => {
    const y = c.output(0)
    const from = c.dims(y)
    const down = (value: string, index: number): string => c.reduceTo(value, from, c.dims(c.input(index)))
    const count = c.node.inputs.length
    if (count === 1) return [g]
    if (count === 2) {
      const [a, b] = [c.input(0), c.input(1)]
      const won = asFloat(c.emit(wins, [a, b]), c)
      const share = c.emit('Where', [c.emit('Equal', [a, b]), c.scalar(0.5), won])
      const first = c.emit('Mul', [g, share])
      return [down(first, 0), c.wants(1) ? down(c.emit('Sub', [g, first]), 1) : null]
    }
    const masks = c.node.inputs.map(input => asFloat(c.emit('Equal', [input, y]), c))
    const share = c.emit('Div', [g, c.emit('Sum', masks)])
    return masks.map((mask, index) => (c.wants(index) ? down(c.emit('Mul', [share, mask]), index) : null))
  }, 'ties share equally')

/** y' as a function of x and y, times the cotangent. */
const times = (slope: (x: string, y: string, c: RuleContext) => string, note?: string): RuleEntry =>
  unary((g, x, y, c) => c.emit('Mul', [g, slope(x, y, c)]), note)

/** The cotangent divided by f(x, y). */
const over = (divisor: (x: string, y: string, c: RuleContext) => string, note?: string): RuleEntry =>
  unary((g, x, y, c) => c.emit('Div', [g, divisor(x, y, c)]), note)

const square = (x: string, c: RuleContext): string => c.emit('Mul', [x, x])
const oneMinus = (x: string, c: RuleContext): string => c.emit('Sub', [c.scalar(1), x])
const onePlus = (x: string, c: RuleContext): string => c.emit('Add', [x, c.scalar(1)])

const cast: RuleEntry = single((g, c) => {
  const [from, to] = [c.dtype(c.input(0)), c.dtype(c.output(0))]
  return [from === to ? g : c.emit('Cast', [g], { to: dataTypes[from].code })]
}, 'between float types; zero from or to integers')

const boolean = zero('its output is boolean')
const integer = zero('it works on integers')
const steps = zero('piecewise constant')

export const arithmetic: RuleTable = {
  Add: binary(
    g => g,
    g => g,
  ),
  Sub: binary(
    g => g,
    (g, c) => c.emit('Neg', [g]),
  ),
  Mul: binary(
    (g, c) => c.emit('Mul', [g, c.input(1)]),
    (g, c) => c.emit('Mul', [g, c.input(0)]),
  ),
  // d/db (a / b) = -y / b
  Div: binary(
    (g, c) => c.emit('Div', [g, c.input(1)]),
    (g, c) => c.emit('Neg', [c.emit('Div', [c.emit('Mul', [g, c.output(0)]), c.input(1)])]),
  ),
  Neg: unary((g, _x, _y, c) => c.emit('Neg', [g])),
  Sum: broadcasting(() => g => g),
  Mean: broadcasting(() => (g, c) => c.emit('Mul', [g, c.scalar(1 / c.node.inputs.length)])),
  Identity: unary(g => g),
  Pow: binary(powerBase, powerExponent, 'at base 0: 0 for exponent 0, and 0 for the exponent'),
  // The quotient's integer part is (x - y) / divisor, constant almost everywhere.
  Mod: binary(
    g => g,
    (g, c) => c.emit('Neg', [c.emit('Mul', [g, c.emit('Div', [c.emit('Sub', [c.input(0), c.output(0)]), c.input(1)])])]),
  ),
  Max: extreme('Greater'),
  Min: extreme('Less'),
  Where: single((g, c) => {
    const from = c.dims(c.output(0))
    const condition = c.input(0)
    const zeros = c.scalar(0)
    const branch = (index: number, inputs: string[]): string | null =>
      c.wants(index) ? c.reduceTo(c.emit('Where', inputs), from, c.dims(c.input(index))) : null
    return [null, branch(1, [condition, g, zeros]), branch(2, [condition, zeros, g])]
  }),
  Exp: times((_x, y) => y),
  Log: over(x => x),
  Sqrt: unary((g, _x, y, c) => c.emit('Div', [c.emit('Mul', [g, c.scalar(0.5)]), y]), 'infinite at 0'),
  Reciprocal: unary((g, _x, y, c) => c.emit('Neg', [c.emit('Mul', [c.emit('Mul', [g, y]), y])])),
  Abs: times((x, _y, c) => sign(x, c), 'derivative 0 at 0'),
  Sin: times((x, _y, c) => c.emit('Cos', [x])),
  Cos: unary((g, x, _y, c) => c.emit('Neg', [c.emit('Mul', [g, c.emit('Sin', [x])])])),
  Tan: times((_x, y, c) => onePlus(square(y, c), c)),
  Asin: over((x, _y, c) => c.emit('Sqrt', [oneMinus(square(x, c), c)])),
  Acos: over((x, _y, c) => c.emit('Neg', [c.emit('Sqrt', [oneMinus(square(x, c), c)])])),
  Atan: over((x, _y, c) => onePlus(square(x, c), c)),
  Sinh: times((x, _y, c) => c.emit('Cosh', [x])),
  Cosh: times((x, _y, c) => c.emit('Sinh', [x])),
  Asinh: over((x, _y, c) => c.emit('Sqrt', [onePlus(square(x, c), c)])),
  Acosh: over((x, _y, c) => c.emit('Sqrt', [c.emit('Sub', [square(x, c), c.scalar(1)])])),
  Atanh: over((x, _y, c) => oneMinus(square(x, c), c)),
  Cast: cast,
  CastLike: cast,
  Sign: steps,
  Floor: steps,
  Ceil: steps,
  Round: steps,
  And: boolean,
  Or: boolean,
  Xor: boolean,
  Not: boolean,
  Equal: boolean,
  Greater: boolean,
  GreaterOrEqual: boolean,
  Less: boolean,
  LessOrEqual: boolean,
  IsNaN: boolean,
  IsInf: boolean,
  BitShift: integer,
  BitwiseAnd: integer,
  BitwiseOr: integer,
  BitwiseXor: integer,
  BitwiseNot: integer,
  BitCast: none('it reads the bits of a number as another type'),
}
