/**
 * @file Gradients of activations. Where it can be, the derivative is written in terms of the output y, which the model keeps
 * anyway. It is computed first and multiplied by the cotangent last: both may lie in different layouts, and then one tensor is
 * reordered instead of several.
 */
import { type RuleContext, type RuleTable, single, unary } from '../rule.js'
import { above, asFloat, below, complement, onlyWhere } from './masks.js'

const largest = 3.4028234663852886e38

/** y' = 1 where the output is positive and `negative` elsewhere, for operators whose output has the sign of the input. */
function piecewise(g: string, of: string, negative: string, c: RuleContext, positive = c.scalar(1)): string {
  return c.emit('Mul', [g, c.emit('Where', [c.emit('Greater', [of, c.scalar(0)]), positive, negative])])
}

/** 1 where 0 < value < 1, else 0. */
const strictlyInside = (value: string, c: RuleContext): string => c.emit('Mul', [above(value, 0, c), below(value, 1, c)])

/** Φ(x) + x φ(x), by t = x / √2. */
function geluErf(x: string, c: RuleContext): string {
  const t = c.emit('Mul', [x, c.scalar(Math.SQRT1_2)])
  const cdf = c.emit('HardSigmoid', [c.emit('Erf', [t])], { alpha: 0.5, beta: 0.5 })
  const exponent = c.emit('Sub', [c.scalar(-0.5 * Math.log(2 * Math.PI)), c.emit('Mul', [t, t])])
  return c.emit('Add', [cdf, c.emit('Mul', [x, c.emit('Exp', [exponent])])])
}

/** y = x s with s = σ(x (a + b x²)): y' = s + (a + 3 b x²) y (1 - s). */
function geluTanh(x: string, y: string, c: RuleContext): string {
  const a = 2 * Math.sqrt(2 / Math.PI)
  const b = a * 0.044715
  const square = c.emit('Mul', [x, x])
  const polynomial = (cubic: number): string => c.emit('Add', [c.emit('Mul', [square, c.scalar(cubic)]), c.scalar(a)])
  const s = c.emit('Sigmoid', [c.emit('Mul', [x, polynomial(b)])])
  const rest = c.emit('Mul', [y, c.emit('Sub', [c.scalar(1), s])])
  return c.emit('Add', [s, c.emit('Mul', [polynomial(3 * b), rest])])
}

/** y = x s with s = σ(alpha x): y' = s + alpha y (1 - s). */
function swish(x: string, y: string, alpha: number, c: RuleContext): string {
  const scaled = (value: string): string => (alpha === 1 ? value : c.emit('Mul', [value, c.scalar(alpha)]))
  const s = c.emit('Sigmoid', [scaled(x)])
  return c.emit('Add', [s, scaled(c.emit('Mul', [y, complement(s, c)]))])
}

/** t + s x (1 - t²) with t = tanh(softplus(x)) and s = σ(x). */
function mish(x: string, c: RuleContext): string {
  const t = c.emit('Tanh', [c.emit('Softplus', [x])])
  const xs = c.emit('Mul', [x, c.emit('Sigmoid', [x])])
  const rest = c.emit('Sub', [xs, c.emit('Mul', [xs, c.emit('Mul', [t, t])])])
  return c.emit('Add', [t, rest])
}

function clip(g: string, c: RuleContext): (string | null)[] {
  const [x, y] = [c.input(0), c.output(0)]
  const bound = (index: number): number | undefined => {
    if (!c.has(index)) return undefined
    const value = c.constant(c.input(index))?.scalar()
    return value === undefined || Math.abs(value) >= largest ? undefined : value
  }
  const free = (index: number): boolean => c.has(index) && !c.constant(c.input(index))
  if (free(1) || free(2)) return clipBetween(g, x, c)
  const [low, high] = [bound(1), bound(2)]
  // A low bound not below the high one leaves nothing strictly inside, and the output at the high bound.
  const masks = [...(low === undefined ? [] : [above(y, low, c)]), ...(high === undefined ? [] : [below(y, high, c)])]
  return [masks.length === 0 ? g : c.emit('Mul', [g, masks.reduce((left, right) => c.emit('Mul', [left, right]))])]
}

/** Bounds computed at run time: each element's cotangent goes to the one of x, min and max that it came from. */
function clipBetween(g: string, x: string, c: RuleContext): (string | null)[] {
  const raised = c.has(1) ? c.emit('Max', [x, c.input(1)]) : x
  const capped = c.has(2) ? c.emit('GreaterOrEqual', [raised, c.input(2)]) : undefined
  const uncapped = capped ? onlyWhere(c.emit('Not', [capped]), g, c) : g
  const lifted = c.has(1) ? c.emit('LessOrEqual', [x, c.input(1)]) : undefined
  const sum = (value: string, index: number): string => c.reduceTo(value, c.dims(c.output(0)), c.dims(c.input(index)))
  return [
    lifted ? onlyWhere(c.emit('Not', [lifted]), uncapped, c) : uncapped,
    lifted && c.wants(1) ? sum(onlyWhere(lifted, uncapped, c), 1) : null,
    capped && c.wants(2) ? sum(onlyWhere(capped, g, c), 2) : null,
  ]
}

export const activation: RuleTable = {
  Relu: unary((g, _x, y, c) => c.emit('Mul', [g, above(y, 0, c)]), 'derivative 0 at 0'),
  LeakyRelu: unary((g, x, y, c) => {
    const alpha = c.float('alpha', 0.01)
    if (alpha <= 0 || alpha >= 1) return piecewise(g, alpha > 0 ? y : x, c.scalar(alpha), c)
    // The slope a little too steep, so that the positive side is clipped to exactly 1.
    const slope = c.emit('HardSigmoid', [above(y, 0, c)], { alpha: (1 - alpha) * (1 + 2 ** -20), beta: alpha })
    return c.emit('Mul', [g, slope])
  }, 'derivative alpha at 0'),
  PRelu: single((g, c) => {
    const [x, slope] = [c.input(0), c.input(1)]
    const dslope = (): string => {
      const each = c.emit('Mul', [g, c.emit('Mul', [x, below(x, 0, c)])])
      return c.reduceTo(each, c.dims(c.output(0)), c.dims(slope))
    }
    return [c.wants(0) ? piecewise(g, x, slope, c) : null, c.wants(1) ? dslope() : null]
  }, 'derivative slope at 0'),
  ThresholdedRelu: unary((g, x, _y, c) => onlyWhere(c.emit('Greater', [x, c.scalar(c.float('alpha', 1))]), g, c)),
  Shrink: unary((g, x, _y, c) => onlyWhere(c.emit('Greater', [c.emit('Abs', [x]), c.scalar(c.float('lambd', 0.5))]), g, c)),
  // alpha eˣ = y + alpha below zero, which at alpha = 1 is the whole derivative once it is capped at 1.
  Elu: unary((g, x, y, c) => {
    const alpha = c.float('alpha', 1)
    if (alpha === 1) return c.emit('Mul', [g, c.emit('HardSigmoid', [y], { alpha: 1, beta: 1 })])
    return piecewise(g, x, c.emit('Add', [y, c.scalar(alpha)]), c)
  }),
  Celu: unary((g, _x, y, c) => c.emit('Mul', [g, c.emit('HardSigmoid', [y], { alpha: 1 / c.float('alpha', 1), beta: 1 })])),
  Selu: unary((g, x, y, c) => {
    const gamma = c.float('gamma', 1.0507010221481323)
    const alpha = c.float('alpha', 1.6732631921768188)
    return piecewise(g, x, c.emit('Add', [y, c.scalar(gamma * alpha)]), c, c.scalar(gamma))
  }),
  Sigmoid: unary((g, _x, y, c) => c.emit('Mul', [g, c.emit('Mul', [y, complement(y, c)])])),
  Tanh: unary((g, _x, y, c) => c.emit('Mul', [g, complement(c.emit('Mul', [y, y]), c)])),
  HardSigmoid: unary((g, _x, y, c) => {
    const alpha = c.float('alpha', 0.2)
    const inside = strictlyInside(y, c)
    if (alpha > 0 && alpha <= 1) return c.emit('Mul', [g, c.emit('HardSigmoid', [inside], { alpha, beta: 0 })])
    return c.emit('Where', [c.emit('Greater', [inside, c.scalar(0)]), c.emit('Mul', [g, c.scalar(alpha)]), c.scalar(0)])
  }, 'derivative 0 at both corners'),
  // y = x s with s = x / 6 + 1 / 2 clipped: y' = s + x / 6 where x² < 9.
  HardSwish: unary((g, x, _y, c) => {
    const s = c.emit('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 })
    const sixth = c.emit('HardSigmoid', [below(c.emit('Mul', [x, x]), 9, c)], { alpha: 1 / 6, beta: 0 })
    return c.emit('Mul', [g, c.emit('Add', [s, c.emit('Mul', [x, sixth])])])
  }, 'derivative 0 at -3 and 1 at 3'),
  Softplus: unary((g, x, _y, c) => c.emit('Mul', [g, c.emit('Sigmoid', [x])])),
  Softsign: unary((g, _x, y, c) => {
    const rest = c.emit('Sub', [c.scalar(1), c.emit('Abs', [y])])
    return c.emit('Mul', [g, c.emit('Mul', [rest, rest])])
  }),
  Gelu: unary((g, x, y, c) => c.emit('Mul', [g, c.string('approximate', 'none') === 'tanh' ? geluTanh(x, y, c) : geluErf(x, c)])),
  'com.microsoft:QuickGelu': unary((g, x, y, c) => c.emit('Mul', [g, swish(x, y, c.float('alpha', 1.702), c)])),
  Mish: unary((g, x, _y, c) => c.emit('Mul', [g, mish(x, c)])),
  // 2 / √π exp(-x²), the factor inside the exponent.
  Erf: unary((g, x, _y, c) =>
    c.emit('Mul', [g, c.emit('Exp', [c.emit('Sub', [c.scalar(Math.log(2 / Math.sqrt(Math.PI))), c.emit('Mul', [x, x])])])]),
  ),
  Clip: single(clip, 'passes strictly inside the bounds; a bound computed at run time gets the rest'),
  Dropout: single((g, c) => {
    const training = c.has(2) ? c.numbers(2)![0] : 0
    if (!training) return [g]
    const ratio = c.has(1) ? c.numbers(1)![0]! : 0.5
    if (ratio === 0) return [g]
    const mask = c.node.outputs[1] || c.unsupported('in training mode its mask must be an output of the node')
    return [c.emit('Mul', [g, c.emit('Mul', [asFloat(mask, c), c.scalar(1 / (1 - ratio))])])]
  }, 'the identity outside training; in training the mask must be an output'),
}
