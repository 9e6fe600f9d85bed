/** @file The softmax family: shift-invariant, bounded and exact. */
import { type RuleContext, type RuleEntry, single } from '../../rule.js'

interface Shares {
  /** Logarithmic means L_i of p_i and p0_i: (p - p0) / (log p - log p0). */
  readonly means: string
  /** L_i / sum L. */
  readonly weights: string
  readonly sum: (value: string) => string
}

/** x - log sum exp x along the axes, at least -1e4 so that masked places (-infinity) have no change. */
function logShares(x: string, axes: string, c: RuleContext): string {
  const shifted = c.emit('Sub', [x, c.emit('ReduceMax', [x, axes], { keepdims: 1 })])
  const total = c.emit('ReduceSum', [c.emit('Exp', [shifted]), axes], { keepdims: 1 })
  return c.emit('Max', [c.emit('Sub', [shifted, c.emit('Log', [total])]), c.scalar(-1e4)])
}

function shares(x: string, over: readonly number[], c: RuleContext): Shares {
  const axes = c.ints64(over)
  const l = logShares(x, axes, c)
  const l0 = logShares(c.value(x, 'baseline'), axes, c)
  const difference = c.emit('Sub', [l, l0])
  const far = c.emit('Greater', [c.emit('Abs', [difference]), c.scalar(0.5)])
  const quotient = c.emit('Div', [
    c.emit('Sub', [c.emit('Exp', [l]), c.emit('Exp', [l0])]),
    c.emit('Where', [far, difference, c.scalar(1)]),
  ])
  // sqrt(p p0) sinh(t) / t with t = (log p - log p0) / 2, for small t by its series.
  const t = c.emit('Where', [far, c.scalar(0), c.emit('Mul', [difference, c.scalar(0.5)])])
  const square = c.emit('Mul', [t, t])
  const inner = c.emit('Add', [c.emit('Mul', [square, c.scalar(1 / 120)]), c.scalar(1 / 6)])
  const series = c.emit('Add', [c.emit('Mul', [square, inner]), c.scalar(1)])
  const centre = c.emit('Exp', [c.emit('Mul', [c.emit('Add', [l, l0]), c.scalar(0.5)])])
  const means = c.emit('Where', [far, quotient, c.emit('Mul', [centre, series])])
  const sum = (value: string): string => c.emit('ReduceSum', [value, axes], { keepdims: 1 })
  const total = c.emit('Max', [sum(means), c.scalar(1e-30)])
  return { means, weights: c.emit('Div', [means, total]), sum }
}

const axisOf = (c: RuleContext): number[] => {
  const axis = c.int('axis', -1)
  return [axis < 0 ? axis + c.rank(c.output(0)) : axis]
}

/**
 * p = exp(x - log sum exp x). Rescale at exp gives L_i = (p_i - p0_i) / (log p_i - log p0_i), the logarithmic mean; the changes
 * of p add up to 0, so log sum exp changes by sum w_i (x_i - x0_i) with w = L / sum L. Hence g_x = L g - w sum L g: the gradient with
 * means in the place of p, exact for any change, and zero for a common shift of all x.
 */
export const softmax: RuleEntry = single((g, c) => {
  const { means, weights, sum } = shares(c.input(0), axisOf(c), c)
  const product = c.emit('Mul', [g, means])
  return [c.emit('Sub', [product, c.emit('Mul', [weights, sum(product)])])]
})

/** g - w sum g. */
export const logSoftmax: RuleEntry = single((g, c) => {
  const { weights, sum } = shares(c.input(0), axisOf(c), c)
  return [c.emit('Sub', [g, c.emit('Mul', [weights, sum(g)])])]
})

/** w g. */
export const logSumExp: RuleEntry = single((g, c) => {
  const x = c.input(0)
  const dims = c.dims(x)
  const given = c.numbers(1) ?? []
  if (given.length === 0 && c.int('noop_with_empty_axes', 0)) return [g]
  const axes = given.length > 0 ? given.map(axis => (axis < 0 ? axis + dims.length : axis)) : dims.map((_, axis) => axis)
  const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
  return [c.emit('Mul', [shares(x, axes, c).weights, c.reshape(g, kept)])]
})
