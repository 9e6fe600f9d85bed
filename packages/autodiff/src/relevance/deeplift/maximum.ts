/** @file Maxima and minima: a change goes to the element that made it. */
import { type RuleEntry, single } from '../../rule.js'
import { change, onBaseline, refuseHidden, varies } from './streams.js'

/**
 * y = max of some elements (pooling, reductions, Max). Where y > y0, the winner on the input, of which x >= y > y0 >= x0, takes y - y0; where
 * y < y0, the winner on the baseline, of which x <= y < y0 = x0, does. Both changed at least as much as y, so multipliers lie in [0, 1],
 * overlapping windows add up, and the changes are accounted for exactly. Where y = y0, the gradient. Ties go as in the gradient.
 * @param sense 1 for maxima, -1 for minima
 */
export const winner = (gradient: RuleEntry, sense: 1 | -1): RuleEntry =>
  single((g, c) => {
    if (gradient.kind !== 'gradient') return []
    refuseHidden(c)
    const y = c.output(0)
    const zero = c.scalar(0)
    const dy = change(y, c)
    const [rise, fall] = [c.emit('Max', [dy, zero]), c.emit('Min', [dy, zero])]
    const still = c.emit('Cast', [c.emit('Equal', [dy, zero])], { to: 1 })
    const parts = (part: string, context: typeof c): readonly (string | null)[] =>
      gradient.rule([c.emit('Mul', [g, part])], context) as readonly (string | null)[]
    const onInput = parts(sense > 0 ? rise : fall, c)
    const onBase = parts(sense > 0 ? fall : rise, onBaseline(c))
    const unmoved = parts(still, c)
    return c.node.inputs.map((x, i) => {
      if (!c.wants(i) || !varies(x, c)) return null
      const dx = change(x, c)
      const divisor = c.emit('Where', [c.emit('Equal', [dx, c.scalar(0)]), c.scalar(1), dx])
      return c.emit('Add', [c.emit('Div', [c.emit('Add', [onInput[i]!, onBase[i]!]), divisor]), unmoved[i]!])
    })
  })
