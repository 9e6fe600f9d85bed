/** @file Quotients, powers, roots and choices: exact multipliers without a division by the change. */

import { asFloat } from '../../gradient/masks.js'
import { type RuleContext, type RuleEntry, single, unary } from '../../rule.js'
import { nearness, rescaled } from './rescale.js'
import { bilinear, change, midpoint, refuseHidden, varies } from './streams.js'

const times = (a: string, b: string, c: RuleContext): string => c.emit('Mul', [a, b])
const half = (value: string, c: RuleContext): string => c.emit('Mul', [value, c.scalar(0.5)])

/** a / b: the numerator gets (1 / b + 1 / b0) / 2, the denominator -(a + a0) / 2 / (b b0): Shapley values of a and 1 / b. */
export const division = (linear: RuleEntry): RuleEntry =>
  single((g, c) => {
    const [a, b] = [c.input(0), c.input(1)]
    refuseHidden(c)
    if (!varies(b, c)) return linear.kind === 'gradient' ? linear.rule([g], c) : []
    const b0 = c.value(b, 'baseline')
    const from = c.dims(c.output(0))
    const inverse = (value: string): string => c.emit('Reciprocal', [value])
    const numerator = (): string => times(g, half(c.emit('Add', [inverse(b), inverse(b0)]), c), c)
    const denominator = (): string => c.emit('Neg', [c.emit('Div', [c.emit('Div', [times(g, midpoint(a, c), c), b]), b0])])
    return [
      c.wants(0) ? c.reduceTo(numerator(), from, c.dims(a)) : null,
      c.wants(1) ? c.reduceTo(denominator(), from, c.dims(b)) : null,
    ]
  })

/** g / (y + y0), the multiplier of a square root; 0 where both are 0. */
function root(g: string, y: string, c: RuleContext): string {
  const sum = c.emit('Add', [y, c.value(y, 'baseline')])
  const zero = c.emit('Equal', [sum, c.scalar(0)])
  return c.emit('Where', [zero, c.scalar(0), c.emit('Div', [g, c.emit('Where', [zero, c.scalar(1), sum])])])
}

/** 1 / x - 1 / x0 = -(x - x0) y y0. */
const reciprocal = (g: string, y: string, c: RuleContext): string =>
  c.emit('Neg', [times(g, times(y, c.value(y, 'baseline'), c), c)])

export const sqrt: RuleEntry = unary((g, _x, y, c) => root(g, y, c))
export const inverse: RuleEntry = unary((g, _x, y, c) => reciprocal(g, y, c))

/** x^p for constant p: exact for 1/2, 1, 2, 3 and -1, else the quotient of changes. */
export const power = (gradient: RuleEntry): RuleEntry => {
  const other = rescaled(gradient, nearness.smooth, true)
  return single((g, c) => {
    const [x, y, exponent] = [c.input(0), c.output(0), c.input(1)]
    const constant = c.constant(exponent)
    const x0 = c.value(x, 'baseline')
    const p = constant?.size === 1 ? constant.scalar() : undefined
    const from = c.dims(y)
    const down = (value: string): string => c.reduceTo(value, from, c.dims(x))
    if (p === 1) return [down(g)]
    if (p === 2) return [down(times(g, c.emit('Add', [x, x0]), c))]
    if (p === 3) {
      const cross = c.emit('Add', [c.emit('Add', [times(x, x, c), times(x, x0, c)]), times(x0, x0, c)])
      return [down(times(g, cross, c))]
    }
    if (p === 0.5) return [down(root(g, y, c))]
    if (p === -1) return [down(reciprocal(g, y, c))]
    if (from.join() !== c.dims(x).join()) c.unsupported('its exponent is larger than its base')
    return other.kind === 'gradient' ? [...other.rule([g], c)] : []
  })
}

/** sqrt of a sum of squares: (x + x0) / (y + y0); 0 where both norms are 0. */
export const norm: RuleEntry = single((g, c) => {
  const [x, y] = [c.input(0), c.output(0)]
  const dims = c.dims(x)
  const given = c.numbers(1) ?? []
  if (given.length === 0 && c.int('noop_with_empty_axes', 0)) return c.unsupported('it reduces no axis')
  const axes = given.length > 0 ? given.map(axis => (axis < 0 ? axis + dims.length : axis)) : dims.map((_, axis) => axis)
  const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
  return [times(c.reshape(root(g, y, c), kept), c.emit('Add', [x, c.value(x, 'baseline')]), c)]
})

/**
 * Where: linear while the condition is the same in both streams. Where it differs, half of g to each branch, and what that leaves
 * of y - y0 shared between the branches by the smallest change of their multipliers: in proportion to their own changes.
 */
export const choice = (gradient: RuleEntry): RuleEntry => {
  const linear = bilinear(gradient)
  return single((g, c) => {
    const [condition, a, b] = [c.input(0), c.input(1), c.input(2)]
    if (!varies(condition, c)) return linear.kind === 'gradient' ? linear.rule([g], c) : []
    refuseHidden(c, [0])
    const from = c.dims(c.output(0))
    const share = half(c.emit('Add', [asFloat(condition, c), asFloat(c.value(condition, 'baseline'), c)]), c)
    const [da, db] = [a, b].map(name => (varies(name, c) ? change(name, c) : c.scalar(0)))
    const rest = c.emit('Sub', [c.scalar(1), share])
    const explained = c.emit('Add', [times(share, da!, c), times(rest, db!, c)])
    const squares = c.emit('Add', [times(da!, da!, c), times(db!, db!, c)])
    const none = c.emit('Equal', [squares, c.scalar(0)])
    const left = c.emit('Sub', [change(c.output(0), c), explained])
    const factor = c.emit('Where', [none, c.scalar(0), c.emit('Div', [left, c.emit('Where', [none, c.scalar(1), squares])])])
    const branch = (index: number, own: string, d: string): string | null =>
      c.wants(index)
        ? c.reduceTo(
            c.emit('Expand', [times(g, c.emit('Add', [own, times(factor, d, c)]), c), c.ints64(from)]),
            from,
            c.dims(c.input(index)),
          )
        : null
    return [null, branch(1, share, da!), branch(2, rest, db!)]
  })
}
