/** @file The gradient of a convolution's weight, in the formulation that is fastest for its groups. */
import { elementCount } from '@ascribe/onnx'
import type { RuleContext } from '../rule.js'
import { padAxis, type WindowAxis } from './window.js'

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** Numbers before and after each axis, in ONNX's order of pads. */
export const pairs = (axes: readonly WindowAxis[], of: (axis: WindowAxis) => readonly [number, number]): number[] => {
  const both = axes.map(of)
  return [...both.map(([before]) => before), ...both.map(([, after]) => after)]
}

interface WeightGradient {
  readonly x: string
  readonly xDims: readonly number[]
  readonly g: string
  readonly gDims: readonly number[]
  readonly axes: readonly WindowAxis[]
  readonly group: number
}

/** Kernels with more positions than this go through one convolution: the products' number grows with them. */
const mostPositions = 64

/** Depthwise rows wider than so many kernels go through one convolution: most of the products is not on the diagonals then. */
const widestRow = 40

/** What the windows of all places along an axis span. */
const spanOf = (axis: WindowAxis): number => (axis.output - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1

/** Gradient of the weight [M, C/g, k...] of a convolution that reads `x` and whose output has cotangent `g`. */
export function weightGradient(context: RuleContext, parts: WeightGradient): string {
  const { xDims, axes, group } = parts
  const last = axes.at(-1)!
  if (group === 1 && elementCount(axes.map(axis => axis.kernel)) <= mostPositions) return weightGradientByPosition(context, parts)
  const leading = elementCount(axes.slice(0, -1).map(axis => axis.kernel))
  if (group === xDims[1] && leading <= mostPositions && spanOf(last) <= widestRow * last.kernel)
    return weightGradientByDiagonal(context, parts)
  return weightGradientByConvolution(context, parts)
}

/** Zeros before and after the input of each axis, so that every window lies inside. */
const paddingOf = (axes: readonly WindowAxis[]): (readonly [number, number])[] =>
  axes.map(axis => [axis.before, Math.max(0, spanOf(axis) - axis.before - axis.input)])

function padded(context: RuleContext, x: string, amounts: readonly (readonly [number, number])[]): string {
  if (amounts.every(([before, after]) => before === 0 && after === 0)) return x
  const pads = [0, 0, ...amounts.map(([before]) => before), 0, 0, ...amounts.map(([, after]) => after)]
  return context.emit('Pad', [x, context.ints64(pads)])
}

/** Every combination of offsets into the kernel along these axes, the last running fastest. */
const positionsOf = (axes: readonly WindowAxis[]): number[][] =>
  axes.reduce<number[][]>((found, axis) => found.flatMap(one => range(0, axis.kernel).map(offset => [...one, offset])), [[]])

/**
 * For depthwise convolutions, whose output channel m reads the input channel c alone. For every kernel position of all axes but the last,
 * one matrix product per channel: R[i, j] = sum over rows and the other axes of g[.., i] x[.., j]; at offset d of the last axis the gradient
 * is the sum over i of R[i, stride i + dilation d]. With stride more zeros to each row than it has, these diagonals become columns.
 */
function weightGradientByDiagonal(context: RuleContext, { x, xDims, g, gDims, axes, group }: WeightGradient): string {
  const [batch] = xDims as [number]
  const each = gDims[1]! / group
  const spatial = range(2, xDims.length)
  const last = axes.at(-1)!
  const span = spanOf(last)
  const places = batch * elementCount(axes.slice(0, -1).map(axis => axis.output))
  const amounts = paddingOf(axes)
  const read = padded(context, context.emit('Transpose', [x], { perm: [1, 0, ...spatial] }), amounts)
  const grouped = context.reshape(g, [batch, group, each, ...gDims.slice(2)])
  const ordered = context.emit('Transpose', [grouped], { perm: [1, 2, 0, ...range(3, gDims.length + 1)] })
  const columns = context.emit('Transpose', [context.reshape(ordered, [group, each, places, last.output])], {
    perm: [0, 1, 3, 2],
  })
  const product = (offsets: readonly number[]): string => {
    const starts = [...axes.slice(0, -1).map((axis, i) => offsets[i]! * axis.dilation), 0]
    const ends = axes.map((axis, i) => (i === axes.length - 1 ? span : starts[i]! + (axis.output - 1) * axis.stride + 1))
    const steps = axes.map((axis, i) => (i === axes.length - 1 ? 1 : axis.stride))
    const lists = [starts, ends, spatial, steps].map(list => context.ints64(list))
    const rows = context.reshape(context.emit('Slice', [read, ...lists]), [group, 1, places, span])
    return context.reshape(context.emit('MatMul', [columns, rows]), [group, 1, each, last.output * span])
  }
  const products = positionsOf(axes.slice(0, -1)).map(product)
  const count = products.length
  const all = count === 1 ? products[0]! : context.emit('Concat', products, { axis: 1 })
  const longer = context.emit('Pad', [all, context.ints64([0, 0, 0, 0, 0, 0, 0, last.output * last.stride])])
  const diagonals = context.reshape(longer, [group, count, each, last.output, span + last.stride])
  const lists = [[0], [last.dilation * (last.kernel - 1) + 1], [4], [last.dilation]].map(list => context.ints64(list))
  const sums = context.emit('ReduceSum', [context.emit('Slice', [diagonals, ...lists]), context.ints64([3])], { keepdims: 0 })
  const kernels = each === 1 ? sums : context.emit('Transpose', [sums], { perm: [0, 2, 1, 3] })
  return context.reshape(kernels, [gDims[1]!, 1, ...axes.map(axis => axis.kernel)])
}

/**
 * One matrix product per kernel position k: dW_k = sum over rows of g x_k', with x_k what that position reads. Three times faster than the
 * convolution below, whose windows are too short to be copied well.
 */
function weightGradientByPosition(context: RuleContext, { x, xDims, g, gDims, axes }: WeightGradient): string {
  const [batch, inputs] = xDims as [number, number]
  const outputs = gDims[1]!
  const places = elementCount(gDims.slice(2))
  const spatial = range(2, xDims.length)
  const amounts = paddingOf(axes)
  const whole = padded(context, x, amounts)
  const flat = context.reshape(g, [batch, outputs, places])
  const reads = (offsets: readonly number[]): string => {
    const starts = axes.map((axis, i) => offsets[i]! * axis.dilation)
    const ends = axes.map((axis, i) => starts[i]! + (axis.output - 1) * axis.stride + 1)
    const all = axes.every(
      (axis, i) => axis.stride === 1 && starts[i] === 0 && axis.output === amounts[i]![0] + axis.input + amounts[i]![1],
    )
    if (all) return whole
    const lists = [starts, ends, spatial, axes.map(axis => axis.stride)].map(list => context.ints64(list))
    return context.emit('Slice', [whole, ...lists])
  }
  const product = (offsets: readonly number[]): string => {
    const read = context.reshape(reads(offsets), [batch, inputs, places])
    const each = context.emit('MatMul', [flat, context.emit('Transpose', [read], { perm: [0, 2, 1] })])
    return context.emit('ReduceSum', [each, context.ints64([0])], { keepdims: 0 })
  }
  const positions = positionsOf(axes)
  const dims = [outputs, inputs, ...axes.map(axis => axis.kernel)]
  if (positions.length === 1) return context.reshape(product(positions[0]!), dims)
  const columns = positions.map(offsets => context.reshape(product(offsets), [outputs, inputs, 1]))
  return context.reshape(context.emit('Concat', columns, { axis: 2 }), dims)
}

/** A convolution over the batch: x as its input with the cotangent as its kernel, strides and dilations swapped. */
function weightGradientByConvolution(context: RuleContext, { x, xDims, g, gDims, axes, group }: WeightGradient): string {
  const [batch, inputs] = xDims as [number, number]
  const outputs = gDims[1]!
  const spatial = range(2, xDims.length)
  const later = spatial.map(axis => axis + 1)
  const xGrouped = context.reshape(x, [batch, group, inputs / group, ...xDims.slice(2)])
  const xSwapped = context.emit('Transpose', [xGrouped], { perm: [2, 1, 0, ...later] })
  const xFlat = context.reshape(xSwapped, [inputs / group, group * batch, ...xDims.slice(2)])
  const gSwapped = context.emit('Transpose', [g], { perm: [1, 0, ...spatial] })
  const product = context.emit('Conv', [xFlat, gSwapped], {
    group,
    strides: axes.map(axis => axis.dilation),
    dilations: axes.map(axis => axis.stride),
    kernel_shape: gDims.slice(2),
    pads: pairs(axes, axis => [axis.before, axis.after]),
  })
  const produced = (axis: WindowAxis): number =>
    Math.floor((axis.input + axis.before + axis.after - axis.stride * (axis.output - 1) - 1) / axis.dilation) + 1
  let kernel = product
  axes.forEach((axis, i) => {
    kernel = padAxis(context, kernel, xDims.length, i + 2, 0, axis.kernel - produced(axis))
  })
  const gradient = context.emit('Transpose', [kernel], { perm: [1, 0, ...spatial] })
  return context.reshape(gradient, [outputs, inputs / group, ...axes.map(axis => axis.kernel)])
}
