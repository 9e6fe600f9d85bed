/** @file Relevance in proportion to contributions: the one division that every rule is made of. */
import type { RuleContext } from '../../rule.js'
import type { Layer } from './layer.js'

/** z + epsilon sign(z), with sign(0) = 1; for epsilon 0, z with zeros replaced by 1, so that relevance at a sum of 0 ends there. */
export function stabilised(c: RuleContext, z: string, epsilon: number): string {
  if (epsilon === 0) return c.emit('Where', [c.emit('Equal', [z, c.scalar(0)]), c.scalar(1), z])
  const upward = c.emit('GreaterOrEqual', [z, c.scalar(0)])
  return c.emit('Add', [z, c.emit('Where', [upward, c.scalar(epsilon), c.scalar(-epsilon)])])
}

/** max(value, 0) */
export const positive = (c: RuleContext, value: string): string => c.emit('Relu', [value])

/** min(value, 0) */
export const negative = (c: RuleContext, value: string): string => c.emit('Sub', [value, c.emit('Relu', [value])])

/** The sum of some values of one shape. */
export const sum = (c: RuleContext, values: readonly string[]): string =>
  values.reduce((left, right) => c.emit('Add', [left, right]))

/** One product of a layer's input and weight, each in a form that a rule chose. */
export interface Term {
  readonly x: string
  readonly weight: string
}

/**
 * R_i = sum_t x_ti sum_j w_tij R_j / stabilised(sum_t sum_i x_ti w_tij + bias_j)
 * @param z the denominator before it is stabilised, where it is there already
 */
export function share(
  layer: Layer,
  relevance: string,
  terms: readonly Term[],
  { epsilon, bias, z }: { epsilon: number; bias?: string | undefined; z?: string },
): string {
  const c = layer.context
  const total =
    z ??
    sum(
      c,
      terms.map(({ x, weight }, i) => layer.apply(x, weight, i === 0 ? bias : undefined)),
    )
  const ratio = c.emit('Div', [relevance, stabilised(c, total, epsilon)])
  return sum(
    c,
    terms.map(({ x, weight }) => c.emit('Mul', [x, layer.back(ratio, weight)])),
  )
}
