/** @file The RevealCancel rule: what pushes a value up and what pushes it down are carried back apart. */
import { type Node, operatorKey } from '@ascribe/onnx'
import { sign } from '../../gradient/masks.js'
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { meanSlope } from './rescale.js'
import { change, refuseOthers, renamed, varies } from './streams.js'

/**
 * An operator that adds up contributions w_i (x_i - x0_i). With a the sum of their absolute values ("spread"), the positive ones sum to
 * ((y - y0) + a) / 2 and the negative ones to ((y - y0) - a) / 2.
 */
interface Summing {
  /** The spread of the node's output; undefined where the node does not add up several contributions. */
  readonly spread: (node: Node, c: RuleContext) => string | undefined
  /**
   * What half the difference h = (m+ - m-) / 2 of the output's two multipliers adds to the inputs' multipliers: sign(x_i - x0_i) |w_i| h.
   * It may be left with an input instead, which then has two multipliers itself.
   */
  readonly back: (h: string, gradient: RuleEntry, c: RuleContext) => readonly (string | null)[]
}

const varying = (node: Node, c: RuleContext): number[] => node.inputs.flatMap((name, i) => (varies(name, c) ? [i] : []))

/** Products with constant weights: the second input. */
const weighted = (usable: (node: Node) => boolean = () => true): Summing => ({
  spread: (node, c) => {
    const [x, weight] = node.inputs
    if (varying(node, c).join() !== '0' || !c.constant(weight!) || !usable(node)) return undefined
    return c.emit(operatorKey(node), [c.emit('Abs', [change(x!, c)]), c.emit('Abs', [weight!])], node.attributes)
  },
  back: (h, gradient, c) => {
    if (gradient.kind !== 'gradient') return []
    const weight = c.input(1)
    const absolute = c.emit('Abs', [weight])
    const parts = gradient.rule(
      [h],
      renamed(c, name => (name === weight ? absolute : name)),
    )
    return [c.emit('Mul', [sign(change(c.input(0), c), c), parts[0] as string])]
  },
})

/** Sums and differences: weights of one. With one changing input, its own two multipliers are those of the result. */
const terms: Summing = {
  spread: (node, c) => {
    const inputs = varying(node, c).map(i => node.inputs[i]!)
    if (inputs.length === 1) return spread(inputs[0]!, c)
    return inputs.map(name => c.emit('Abs', [change(name, c)])).reduce((a, b) => c.emit('Add', [a, b]))
  },
  back: (h, _, c) => {
    const which = varying(c.node, c)
    const from = c.dims(c.output(0))
    const down = (value: string, name: string): string => c.reduceTo(value, from, c.dims(name))
    if (which.length === 1) {
      const name = c.input(which[0]!)
      c.leave(name, down(h, name))
      return []
    }
    return c.node.inputs.map((name, i) => (which.includes(i) ? down(c.emit('Mul', [sign(change(name, c), c), h]), name) : null))
  },
}

const summing: Readonly<Record<string, Summing>> = {
  Conv: weighted(),
  MatMul: weighted(),
  Gemm: weighted(({ attributes }) => !attributes['alpha'] || Number(attributes['alpha'].value) > 0),
  Add: terms,
  Sub: terms,
}

/** The spread of a value's change; undefined where a single thing makes it change. */
function spread(name: string, c: RuleContext): string | undefined {
  const node = c.graph.producer(name)
  return node && varies(name, c) ? summing[operatorKey(node)]?.spread(node, c) : undefined
}

/** Operators that take multipliers apart for their inputs. */
export const summingKeys: readonly string[] = Object.keys(summing)

/** The rule of a summing operator, with what elementwise functions after it left. */
export const summed = (key: string, plain: RuleEntry, gradient: RuleEntry): RuleEntry =>
  plain.kind === 'gradient'
    ? {
        ...plain,
        rule: (cotangents, c) => {
          const main = plain.rule(cotangents, c)
          const left = c.left(c.output(0))
          if (left.length === 0) return main
          const h = left.reduce((a, b) => c.emit('Add', [a, b]))
          const more = summing[key]!.back(h, gradient, c)
          return main.map((value, i) => (value && more[i] ? c.emit('Add', [value as string, more[i]!]) : value))
        },
      }
    : plain

/**
 * y = f(x) elementwise, where x adds up positive contributions x+ and negative ones x-:
 * y+ = (f(x0 + x+) - f(x0) + f(x) - f(x0 + x-)) / 2 and y- likewise, m+ = m y+ / x+, m- = m y- / x- (Shrikumar et al. 2017, 3.5.2).
 * Where a part is too small to divide by, the mean of the gradients at both ends. The mean of m+ and m- is passed on, half their
 * difference is left for the operator that added up x. Where a single thing makes x change, the rescale rule.
 */
export const revealed = (gradient: RuleEntry, rescale: RuleEntry, near: number): RuleEntry =>
  single((g, c) => {
    refuseOthers(c)
    const [x, y] = [c.input(0), c.output(0)]
    const s = spread(x, c)
    if (s === undefined) return rescale.kind === 'gradient' ? rescale.rule([g], c) : []
    const [x0, y0] = [c.value(x, 'baseline'), c.value(y, 'baseline')]
    const dx = change(x, c)
    const half = c.scalar(0.5, x)
    const up = c.emit('Mul', [c.emit('Add', [dx, s]), half])
    const down = c.emit('Mul', [c.emit('Sub', [dx, s]), half])
    const at = (value: string): string =>
      c.emit(operatorKey(c.node), [c.emit('Add', [x0, value]), ...c.node.inputs.slice(1)], c.node.attributes)
    const total = c.emit('Sub', [y, y0])
    const apart = c.emit('Sub', [at(up), at(down)])
    const slope = meanSlope(g, gradient, c)
    const multiplier = (change: string, part: string): string => {
      const moved = c.emit('Greater', [c.emit('Abs', [part]), c.scalar(near, x)])
      const quotient = c.emit('Div', [c.emit('Mul', [change, half]), c.emit('Where', [moved, part, c.scalar(1, x)])])
      return c.emit('Where', [moved, c.emit('Mul', [g, quotient]), slope])
    }
    const positive = multiplier(c.emit('Add', [total, apart]), up)
    const negative = multiplier(c.emit('Sub', [total, apart]), down)
    c.leave(x, c.emit('Mul', [c.emit('Sub', [positive, negative]), half]))
    return [c.emit('Mul', [c.emit('Add', [positive, negative]), half])]
  })
