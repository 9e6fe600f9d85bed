/** @file Beta smoothing: the gradient, but rectifiers have the derivative of softplus. */
import { operatorKey } from '@ascribe/onnx'
import { gradientRules } from '../gradient/index.js'
import { type RuleContext, type RuleEntry, type RuleSet, single } from '../rule.js'
import { atRectifiers } from './rectifiers.js'

/** sigma(beta (x - from)): the derivative of softplus with its bend at `from`. */
const step = (x: string, from: number, beta: number, c: RuleContext): string => {
  const moved = from === 0 ? x : c.emit('Sub', [x, c.scalar(from)])
  return c.emit('Sigmoid', [c.emit('Mul', [moved, c.scalar(beta)])])
}

/** By operator key; rectifiers that are not here keep their gradient. */
const smoothed: Readonly<Record<string, (beta: number) => RuleEntry>> = {
  Relu: beta => single((g, c) => [c.emit('Mul', [g, step(c.input(0), 0, beta, c)])]),
  Clip: beta =>
    single((g, c) => {
      const top = c.has(2) ? c.constant(c.input(2))?.scalar() : undefined
      if (c.has(2) && top === undefined) c.unsupported('its upper bound is computed at run time')
      const rising = step(c.input(0), 0, beta, c)
      const slope = top === undefined ? rising : c.emit('Sub', [rising, step(c.input(0), top, beta, c)])
      return [c.emit('Mul', [g, slope])]
    }),
  Max: beta =>
    single((g, c) => {
      const from = c.dims(c.output(0))
      return c.node.inputs.map((input, index) => {
        if (!c.wants(index)) return null
        return c.reduceTo(c.emit('Mul', [g, step(input, 0, beta, c)]), from, c.dims(input))
      })
    }),
}

/**
 * Beta smoothing (Dombrowski et al. 2019): at y = relu(x), g_x = g_y sigma(beta x), the derivative of softplus(x; beta), with the forward pass
 * unchanged; at ReLU6, g_x = g_y (sigma(beta x) - sigma(beta (x - 6))); elsewhere the gradient. Large beta is the gradient.
 */
export function betaSmoothRules(beta: number): RuleSet {
  const entries = new Map(Object.entries(smoothed).map(([key, make]) => [key, make(beta)]))
  return atRectifiers((node, graph) => entries.get(operatorKey(node)) ?? gradientRules(node, graph), gradientRules)
}
