/** @file Gradients of the softmax family. */
import { type RuleContext, type RuleTable, unary, zero } from '../rule.js'

/** Sum along the node's axis, kept as 1. */
const along = (value: string, c: RuleContext): string => {
  const axis = c.int('axis', -1)
  const rank = c.rank(c.output(0))
  return rank === 0 ? value : c.emit('ReduceSum', [value, c.ints64([axis < 0 ? axis + rank : axis])], { keepdims: 1 })
}

export const softmax: RuleTable = {
  // y (g - Σ y g)
  Softmax: unary((g, _x, y, c) => c.emit('Mul', [y, c.emit('Sub', [g, along(c.emit('Mul', [g, y]), c)])])),
  // g - eʸ Σ g
  LogSoftmax: unary((g, _x, y, c) => c.emit('Sub', [g, c.emit('Mul', [c.emit('Exp', [y]), along(g, c)])])),
  Hardmax: zero('piecewise constant'),
}
