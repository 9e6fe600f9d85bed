/** @file Sums of powers and what is divided by their roots: p-norms of reductions, pooling and normalisation. */
import { sign } from '../../gradient/masks.js'
import { axesOf, spread } from '../../gradient/pooling.js'
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { change } from './streams.js'

const times = (a: string, b: string, c: RuleContext): string => c.emit('Mul', [a, b])
const plus = (a: string, b: string, c: RuleContext): string => c.emit('Add', [a, b])

/** a / b, and 0 where b is 0. */
function ratio(a: string, b: string, c: RuleContext): string {
  const zero = c.emit('Equal', [b, c.scalar(0)])
  return c.emit('Where', [zero, c.scalar(0), c.emit('Div', [a, c.emit('Where', [zero, c.scalar(1), b])])])
}

/** (f(x) - f(x0)) / (x - x0) for f = |x|^p: exact for 1 and 2; for other p the mean slope where x and x0 are within 1e-3 of their size. */
function ofPower(x: string, p: number, c: RuleContext): string {
  const x0 = c.value(x, 'baseline')
  if (p === 2) return plus(x, x0, c)
  const signs = plus(sign(x, c), sign(x0, c), c)
  // |x| - |x0| = (x - x0) (x + x0) / (|x| + |x0|)
  const [size, size0] = [x, x0].map(value => c.emit('Abs', [value])) as [string, string]
  const both = plus(size, size0, c)
  if (p === 1) return ratio(plus(x, x0, c), both, c)
  const [power, power0] = [size, size0].map(value => c.emit('Pow', [value, c.scalar(p)])) as [string, string]
  const dx = change(x, c)
  const far = c.emit('Greater', [c.emit('Abs', [dx]), times(both, c.scalar(5e-4), c)])
  const divisor = c.emit('Where', [far, dx, c.scalar(1)])
  const middle = c.emit('Pow', [times(both, c.scalar(0.5), c), c.scalar(p - 1)])
  const near = times(times(signs, c.scalar(p / 2), c), middle, c)
  return c.emit('Where', [far, c.emit('Div', [c.emit('Sub', [power, power0]), divisor]), near])
}

/** (y - y0) / (S - S0) for y = S^(1 / p), from the two roots: 1 / (y + y0) for p = 2; elsewhere as `ofPower`, upside down. */
function ofRoot(y: string, p: number, c: RuleContext): string {
  if (p === 1) return c.scalar(1)
  return ratio(c.scalar(1), ofPower(y, p, c), c)
}

/** y = (sum |x|^p)^(1 / p) over something: g times the root's quotient, spread over what was summed, times each power's quotient. */
const pooled = (p: (c: RuleContext) => number, over: (value: string, c: RuleContext) => string): RuleEntry =>
  single((g, c) => {
    const power = p(c)
    return [times(over(times(g, ofRoot(c.output(0), power, c), c), c), ofPower(c.input(0), power, c), c)]
  })

const powerOf = (c: RuleContext): number => c.int('p', 2)

export const lpPool = pooled(powerOf, (value, c) => spread(c, value, c.dims(c.input(0)), axesOf(c)))
export const globalLpPool = pooled(powerOf, value => value)

export const reduceL1 = pooled(
  () => 1,
  (value, c) => {
    const dims = c.dims(c.input(0))
    const given = c.numbers(1) ?? []
    if (given.length === 0 && c.int('noop_with_empty_axes', 0)) return c.unsupported('it reduces no axis')
    const axes = given.map(axis => (axis < 0 ? axis + dims.length : axis))
    return c.reshape(
      value,
      dims.map((dim, axis) => (axes.length === 0 || axes.includes(axis) ? 1 : dim)),
    )
  },
)

/** y = x / n: the numerator gets (1 / n + 1 / n0) / 2, the length n -(x + x0) / 2 / (n n0), shared by the changes that made it. */
export const lpNormalization: RuleEntry = single((g, c) => {
  const [x, p] = [c.input(0), powerOf(c)]
  const axis = c.int('axis', -1)
  const axes = c.ints64([axis < 0 ? axis + c.rank(x) : axis])
  const x0 = c.value(x, 'baseline')
  const lengthOf = (value: string): string => c.emit(p === 1 ? 'ReduceL1' : 'ReduceL2', [value, axes], { keepdims: 1 })
  const [n, n0] = [lengthOf(x), lengthOf(x0)]
  const [inverse, inverse0] = [n, n0].map(value => ratio(c.scalar(1), value, c)) as [string, string]
  const direct = times(g, plus(inverse, inverse0, c), c)
  const total = c.emit('ReduceSum', [times(g, plus(x, x0, c), c), axes], { keepdims: 1 })
  const ofLength = times(times(total, inverse, c), inverse0, c)
  const share = p === 1 ? ofLength : ratio(ofLength, plus(n, n0, c), c)
  return [times(c.emit('Sub', [direct, times(share, ofPower(x, p, c), c)]), c.scalar(0.5), c)]
})
