/** @file Gradients of pooling, any number of spatial axes, overlapping windows and ceil mode included. */

import { elementCount } from '@ascribe/onnx'
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { blockable, blocked } from './layout.js'
import { paddedLength, readOffset, scatterOffsets, type WindowAxis, windowAxes } from './window.js'

/** Below every finite float32: what padding counts as for a maximum. */
const lowest = -3.4028234663852886e38

/**
 * Max pooling is separable: the maximum along the last axis, then along the one before. Walking back axis by axis gives each
 * cotangent to the first maximum in row order, exactly, and needs k reads per axis where the window has k^axes positions.
 */
function maxPool(context: RuleContext, g: string, axes: readonly WindowAxis[]): string {
  const dims = context.dims(context.input(0))
  const rank = dims.length
  const stages: { value: string; dims: number[]; axis: WindowAxis; dimension: number }[] = []
  let value = context.input(0)
  let current = [...dims]
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i]!
    stages.push({ value, dims: current, axis, dimension: i + 2 })
    if (i === 0) break
    value = alongAxis(context, value, axis, i, axes.length)
    current = current.map((dim, d) => (d === i + 2 ? axis.output : dim))
  }
  let cotangent = g
  let pooled = context.output(0)
  for (const stage of stages.reverse()) {
    cotangent = maxAlong(context, stage.value, pooled, cotangent, stage.dims, stage.dimension, stage.axis, rank)
    pooled = stage.value
  }
  return cotangent
}

/** Max pooling along one spatial axis only. */
function alongAxis(context: RuleContext, value: string, axis: WindowAxis, index: number, count: number): string {
  const only = (own: number, other: number): number[] => Array.from({ length: count }, (_, i) => (i === index ? own : other))
  const after = paddedLength(axis) - axis.before - axis.input
  return context.emit('MaxPool', [value], {
    kernel_shape: only(axis.kernel, 1),
    strides: only(axis.stride, 1),
    dilations: only(axis.dilation, 1),
    pads: [...only(axis.before, 0), ...only(after, 0)],
  })
}

function maxAlong(
  context: RuleContext,
  x: string,
  y: string,
  g: string,
  dims: readonly number[],
  dimension: number,
  axis: WindowAxis,
  rank: number,
): string {
  if (axis.kernel === 1 && axis.stride === 1 && axis.before === 0 && axis.input === axis.output) return g
  // What no earlier position took; the last position gets the rest, which only it can have made.
  let left = g
  const parts = Array.from({ length: axis.kernel }, (_, offset) => {
    if (offset === axis.kernel - 1) return left
    const equal = context.emit('Equal', [readOffset(context, x, rank, dimension, axis, offset, lowest), y])
    // A product with a mask of zeros and ones: three times as fast as Where.
    const part = context.emit('Mul', [left, context.emit('Cast', [equal], { to: 1 })])
    left = context.emit('Sub', [left, part])
    return part
  })
  const outputDims = dims.map((dim, d) => (d === dimension ? axis.output : dim))
  return scatterOffsets(context, parts, outputDims, dimension, axis)
}

/** Adds each output's cotangent to every input its window reads. */
export function spread(context: RuleContext, g: string, dims: readonly number[], axes: readonly WindowAxis[]): string {
  if (
    axes.every(
      axis => axis.stride === axis.kernel && axis.dilation === 1 && axis.before === 0 && axis.input === axis.output * axis.stride,
    )
  ) {
    const apart = [...dims.slice(0, 2), ...axes.flatMap(axis => [axis.output, 1])]
    const wide = [...dims.slice(0, 2), ...axes.flatMap(axis => [axis.output, axis.stride])]
    return context.reshape(context.emit('Expand', [context.reshape(g, apart), context.ints64(wide)]), dims)
  }
  let value = g
  let current = [...dims.slice(0, 2), ...axes.map(axis => axis.output)]
  axes.forEach((axis, i) => {
    value = scatterOffsets(context, Array(axis.kernel).fill(value), current, i + 2, axis)
    current = current.map((dim, d) => (d === i + 2 ? axis.input : dim))
  })
  return value
}

/** How many inputs each output averages: along one axis, for every output position. */
function counts(axis: WindowAxis, includePadding: boolean): number[] {
  const low = includePadding ? 0 : axis.before
  const high = includePadding ? axis.before + axis.input + axis.after : axis.before + axis.input
  return Array.from({ length: axis.output }, (_, i) => {
    let count = 0
    for (let offset = 0; offset < axis.kernel; offset++) {
      const place = i * axis.stride + offset * axis.dilation
      if (place >= low && place < high) count++
    }
    return count
  })
}

function averagePool(context: RuleContext, g: string, axes: readonly WindowAxis[]): string {
  const perAxis = axes.map(axis => counts(axis, context.int('count_include_pad', 0) === 1))
  const even = perAxis.every(list => list.every(count => count === list[0]))
  let shares: string
  if (even) shares = context.scalar(1 / elementCount(perAxis.map(list => list[0]!)))
  else {
    const places = perAxis.reduce<number[]>((outer, list) => outer.flatMap(left => list.map(right => left * right)), [1])
    shares = context.floats(
      places.map(count => 1 / count),
      axes.map(axis => axis.output),
    )
  }
  return spread(context, context.emit('Mul', [g, shares]), context.dims(context.input(0)), axes)
}

/** d/dx (sum |x|^p)^(1/p) = sign(x) |x|^(p-1) y^(1-p); 0 where y is 0. `over` spreads a pooled value over its window. */
function lpPool(context: RuleContext, g: string, p: number, over: (value: string) => string): string {
  const [x, y] = [context.input(0), context.output(0)]
  const none = context.scalar(0)
  const power = (value: string, exponent: number): string =>
    exponent === 1 ? value : context.emit('Pow', [value, context.scalar(exponent)])
  const weight = p === 1 ? g : context.emit('Div', [g, power(safe(context, y), p - 1)])
  const sized = p === 1 ? weight : context.emit('Where', [context.emit('Greater', [y, none]), weight, none])
  const ones = (sign: number): string => context.scalar(sign)
  const sign = context.emit('Where', [
    context.emit('Greater', [x, none]),
    ones(1),
    context.emit('Where', [context.emit('Less', [x, none]), ones(-1), none]),
  ])
  const slope = p === 1 ? sign : context.emit('Mul', [sign, power(context.emit('Abs', [x]), p - 1)])
  return context.emit('Mul', [over(sized), slope])
}

/** y with zeros replaced by one, to divide by. */
const safe = (context: RuleContext, y: string): string =>
  context.emit('Where', [context.emit('Greater', [y, context.scalar(0)]), y, context.scalar(1)])

export const axesOf = (context: RuleContext): WindowAxis[] =>
  windowAxes(context, context.dims(context.input(0)), context.dims(context.output(0)), context.ints('kernel_shape') ?? [])

/** Gives every place of `dims` [N, C, ...space] its share of a cotangent [N, C, 1...] of the mean. */
function spreadMean(context: RuleContext, g: string, dims: readonly number[]): string {
  const share = 1 / elementCount(dims.slice(2))
  const everywhere = (value: string): string => context.emit('Expand', [value, context.ints64(dims)])
  if (!blockable(dims)) return everywhere(context.emit('Mul', [g, context.scalar(share)]))
  return blocked(context, everywhere(g), dims, share)
}

export const pooling: RuleTable = {
  MaxPool: single((g, c) => [maxPool(c, g, axesOf(c))], 'ties: the first maximum in row order'),
  AveragePool: single((g, c) => [averagePool(c, g, axesOf(c))]),
  LpPool: single((g, c) => {
    const axes = axesOf(c)
    return [lpPool(c, g, c.int('p', 2), value => spread(c, value, c.dims(c.input(0)), axes))]
  }),
  GlobalAveragePool: single((g, c) => [spreadMean(c, g, c.dims(c.input(0)))]),
  GlobalLpPool: single((g, c) => [lpPool(c, g, c.int('p', 2), value => value)]),
  GlobalMaxPool: single((g, c) => {
    const dims = c.dims(c.input(0))
    const count = elementCount(dims.slice(2))
    const flat = c.reshape(c.input(0), [dims[0]!, dims[1]!, count])
    const first = c.emit('ArgMax', [flat], { axis: 2, keepdims: 1 })
    const places = c.ints64(Array.from({ length: count }, (_, i) => i))
    const chosen = c.emit('Equal', [first, places])
    const spreadOut = c.emit('Where', [chosen, c.reshape(g, [dims[0]!, dims[1]!, 1]), c.scalar(0)])
    return [c.reshape(spreadOut, dims)]
  }, 'ties: the first maximum in row order'),
}
