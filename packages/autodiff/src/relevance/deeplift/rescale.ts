/** @file The rescale rule of elementwise functions of one value. */
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { change, onBaseline, refuseOthers } from './streams.js'

/**
 * Below which |x - x0| the mean of the two gradients stands for the quotient (y - y0) / (x - x0). For smooth functions its error,
 * y''' (x - x0)^2 / 12, is there as small as that of the quotient, which divides rounding errors of y by x - x0.
 */
export const nearness = { broken: 1e-10, bent: 1e-4, smooth: 5e-3 } as const

/** g times the mean of the gradients at both ends. */
export function meanSlope(g: string, gradient: RuleEntry, c: RuleContext): string {
  const x = c.input(0)
  const slope = (context: RuleContext): string =>
    (gradient.kind === 'gradient' ? (gradient.rule([g], context)[0] as string | null) : null) ?? c.scalar(0, x)
  return c.emit('Mul', [c.emit('Add', [slope(c), slope(onBaseline(c))]), c.scalar(0.5, x)])
}

/** The quotient of changes, and where the change of x is too small, the mean gradient. */
function secant(g: string, gradient: RuleEntry, near: number, relative: boolean, c: RuleContext): string {
  const [x, y] = [c.input(0), c.output(0)]
  const dx = change(x, c)
  const threshold = relative
    ? c.emit('Mul', [c.emit('Max', [c.emit('Abs', [x]), c.emit('Abs', [c.value(x, 'baseline')])]), c.scalar(near, x)])
    : c.scalar(near, x)
  const moved = c.emit('Greater', [c.emit('Abs', [dx]), threshold])
  const divisor = c.emit('Where', [moved, dx, c.scalar(1, x)])
  const quotient = c.emit('Mul', [g, c.emit('Div', [change(y, c), divisor])])
  return c.emit('Where', [moved, quotient, meanSlope(g, gradient, c)])
}

/**
 * y = f(x) elementwise: g_x = g_y (y - y0) / (x - x0).
 * @param relative the threshold is a share of |x|, for functions without a scale of their own
 */
export const rescaled = (gradient: RuleEntry, near: number, relative = false): RuleEntry =>
  single((g, c) => {
    refuseOthers(c)
    return [secant(g, gradient, near, relative, c)]
  })
