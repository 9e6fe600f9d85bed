/** @file Products of many elements, and the largest few. */
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { change } from './streams.js'

const times = (a: string, b: string, c: RuleContext): string => c.emit('Mul', [a, b])

/** Products of all elements before each one along the last axis of [rows, count], or of all after it. */
function others(value: string, [rows, count]: readonly [number, number], side: 'before' | 'after', c: RuleContext): string {
  const moved = (from: string, by: number): string => {
    if (by >= count) return c.emit('Expand', [c.scalar(1), c.ints64([rows, count])])
    const ones = c.emit('Expand', [c.scalar(1), c.ints64([rows, by])])
    const [start, end] = side === 'before' ? [0, count - by] : [by, count]
    const kept = c.emit('Slice', [from, c.ints64([start]), c.ints64([end]), c.ints64([1])])
    return c.emit('Concat', side === 'before' ? [ones, kept] : [kept, ones], { axis: 1 })
  }
  let result = moved(value, 1)
  for (let reach = 1; reach < count; reach *= 2) result = times(result, moved(result, reach), c)
  return result
}

/**
 * y = x_1 ... x_n. Changing the elements one after the other accounts for y - y0 exactly; the mean of one order and its reverse:
 * m_i = (x_<i x0_>i + x0_<i x_>i) / 2, with x_<i the product of those before i. For two it is their Shapley value, as at Mul.
 */
export const product: RuleEntry = single((g, c) => {
  const x = c.input(0)
  const dims = c.dims(x)
  const given = c.numbers(1) ?? []
  if (given.length === 0 && c.int('noop_with_empty_axes', 0)) return [g]
  const axes = given.length > 0 ? given.map(axis => (axis < 0 ? axis + dims.length : axis)) : dims.map((_, axis) => axis)
  const rest = dims.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const order = [...rest, ...axes]
  const size = (list: readonly number[]): number => list.reduce((count, axis) => count * dims[axis]!, 1)
  const flat = [size(rest), size(axes)] as const
  const rows = (value: string): string => c.emit('Reshape', [c.emit('Transpose', [value], { perm: order }), c.ints64(flat)])
  const [on, off] = [rows(x), rows(c.value(x, 'baseline'))]
  const along = (first: string, second: string): string =>
    times(others(first, flat, 'before', c), others(second, flat, 'after', c), c)
  const mean = times(c.emit('Add', [along(on, off), along(off, on)]), c.scalar(0.5), c)
  const slopes = times(c.emit('Reshape', [g, c.ints64([flat[0], 1])]), mean, c)
  const shaped = c.emit('Reshape', [slopes, c.ints64(order.map(axis => dims[axis]!))])
  return [c.emit('Transpose', [shaped], { perm: dims.map((_, axis) => order.indexOf(axis)) })]
})

/**
 * The k largest values y_k = x_i, and x0_j on the baseline. Where i = j the change is its own; else half of the multiplier to each of the
 * two, and what that leaves of y_k - y0_k to all elements along the axis by the smallest change of their multipliers: in proportion to
 * their own changes.
 */
export const largest: RuleEntry = {
  kind: 'gradient',
  rule: ([g], c) => {
    if (!g) return []
    const [x, y, chosen] = [c.input(0), c.output(0), c.output(1)]
    const dims = c.dims(x)
    const given = c.int('axis', -1)
    const axis = given < 0 ? given + dims.length : given
    const before = c.value(chosen, 'baseline')
    const half = times(g, c.scalar(0.5), c)
    const zeros = c.emit('Expand', [c.scalar(0), c.ints64(dims)])
    const placed = (at: string): string => c.emit('ScatterElements', [zeros, at, half], { axis })
    const dx = change(x, c)
    const ofChange = (at: string): string => c.emit('GatherElements', [dx, at], { axis })
    const explained = times(c.emit('Add', [ofChange(chosen), ofChange(before)]), c.scalar(0.5), c)
    const same = c.emit('Equal', [chosen, before])
    const left = c.emit('Where', [same, c.scalar(0), c.emit('Sub', [change(y, c), explained])])
    const sum = (value: string): string => c.emit('ReduceSum', [value, c.ints64([axis])], { keepdims: 1 })
    const squares = sum(times(dx, dx, c))
    const none = c.emit('Equal', [squares, c.scalar(0)])
    const share = c.emit('Div', [sum(times(g, left, c)), c.emit('Where', [none, c.scalar(1), squares])])
    return [c.emit('Add', [c.emit('Add', [placed(chosen), placed(before)]), times(dx, share, c)])]
  },
}
