/** @file Gradients of reductions: the cotangent, with the reduced axes back as ones, broadcast against something of the input's shape. */
import { type RuleContext, type RuleEntry, type RuleTable, single, zero } from '../rule.js'
import { asFloat, sign } from './masks.js'

interface Reduced {
  readonly x: string
  readonly dims: readonly number[]
  readonly axes: readonly number[]
  /** The output's dimensions with the reduced axes kept as ones. */
  readonly kept: readonly number[]
  /** Number of elements reduced into one. */
  readonly count: number
  /** A value of the output's shape with the reduced axes put back as ones. */
  widen(value: string): string
  /** The same reduction again, keeping axes. */
  again(operator: string, value: string): string
  /** Broadcasts a value of `kept` dimensions to the input's. */
  expand(value: string): string
}

/** A rule for a reduction, given the widened cotangent. */
const reducing = (rule: (cotangent: string, reduced: Reduced, context: RuleContext) => string, note?: string): RuleEntry =>
  single((g, c) => {
    const x = c.input(0)
    const dims = c.dims(x)
    const given = c.numbers(1) ?? []
    if (given.length === 0 && c.int('noop_with_empty_axes', 0)) return [g]
    const axes = given.length > 0 ? given.map(axis => (axis < 0 ? axis + dims.length : axis)) : dims.map((_, axis) => axis)
    const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    const from = c.int('keepdims', 1) ? kept : dims.filter((_, axis) => !axes.includes(axis))
    const reduced: Reduced = {
      x,
      dims,
      axes,
      kept,
      count: axes.reduce((product, axis) => product * dims[axis]!, 1),
      widen: value => c.reshape(value, kept, from),
      again: (operator, value) => (axes.length > 0 ? c.emit(operator, [value, c.ints64(axes)], { keepdims: 1 }) : value),
      expand: value => (dims.every((dim, axis) => dim === kept[axis]) ? value : c.emit('Expand', [value, c.ints64(dims)])),
    }
    return [rule(reduced.widen(g), reduced, c)]
  }, note)

/** The positions that equal the result share the cotangent equally. */
const extreme = reducing((g, r, c) => {
  const mask = asFloat(c.emit('Equal', [r.x, r.widen(c.output(0))]), c)
  return c.emit('Mul', [mask, c.emit('Div', [g, r.again('ReduceSum', mask)])])
}, 'ties share equally')

/** 1 where the value is 0, which makes it safe to divide by. */
const nonzero = (value: string, c: RuleContext): string =>
  c.emit('Where', [c.emit('Equal', [value, c.scalar(0)]), c.scalar(1), value])

/**
 * The product of the other elements, exact where there are zeros: with one zero only its own position gets anything, with two
 * nothing does.
 */
function product(g: string, r: Reduced, c: RuleContext): string {
  const isZero = c.emit('Equal', [r.x, c.scalar(0)])
  const zeros = asFloat(isZero, c)
  const safe = c.emit('Where', [isZero, c.scalar(1), r.x])
  const whole = c.emit('Mul', [g, r.again('ReduceProd', safe)])
  const others = c.emit('Sub', [r.again('ReduceSum', zeros), zeros])
  const exact = c.emit('Equal', [others, c.scalar(0)])
  return c.emit('Where', [exact, c.emit('Div', [whole, safe]), c.scalar(0)])
}

const index = zero('its output is an index')

export const reduction: RuleTable = {
  ReduceSum: reducing((g, r) => r.expand(g)),
  ReduceMean: reducing((g, r, c) => r.expand(c.emit('Mul', [g, c.scalar(1 / r.count)]))),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceProd: reducing(product, 'exact at zeros; its own derivative is not, there'),
  ReduceL1: reducing((g, r, c) => c.emit('Mul', [g, sign(r.x, c)]), 'derivative 0 at 0'),
  ReduceL2: reducing(
    (g, r, c) => c.emit('Mul', [c.emit('Div', [g, nonzero(r.widen(c.output(0)), c)]), r.x]),
    'derivative 0 at norm 0',
  ),
  ReduceSumSquare: reducing((g, r, c) => c.emit('Mul', [c.emit('Mul', [g, c.scalar(2)]), r.x])),
  ReduceLogSum: reducing((g, r, c) => r.expand(c.emit('Div', [g, c.emit('Exp', [r.widen(c.output(0))])]))),
  ReduceLogSumExp: reducing((g, r, c) => c.emit('Mul', [g, c.emit('Exp', [c.emit('Sub', [r.x, r.widen(c.output(0))])])])),
  CumSum: single((g, c) => [
    c.emit('CumSum', [g, c.input(1)], { exclusive: c.int('exclusive', 0), reverse: c.int('reverse', 0) ? 0 : 1 }),
    null,
  ]),
  ArgMax: index,
  ArgMin: index,
}
