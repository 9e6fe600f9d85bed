/** @file Gradients of convolutions, any number of spatial axes, with respect to input, weight and bias. */
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { pairs, range, weightGradient } from './convolution-weight.js'
import { blockable, blocked } from './layout.js'
import { padAxis, type WindowAxis, windowAxes } from './window.js'

/** Weight [M, C/g, k...] -> [C, M/g, k...] with the kernel reversed: what turns a stride-1 convolution into its own transpose. */
function flippedWeight(context: RuleContext, weight: string, dims: readonly number[], group: number): string {
  const [outputs, perGroup, ...kernel] = dims as [number, number, ...number[]]
  const spatial = range(2, dims.length)
  let value = weight
  if (group === 1) value = context.emit('Transpose', [value], { perm: [1, 0, ...spatial] })
  else if (perGroup !== 1 || outputs !== group) {
    const grouped = context.reshape(value, [group, outputs / group, perGroup, ...kernel])
    const swapped = context.emit('Transpose', [grouped], { perm: [0, 2, 1, ...spatial.map(axis => axis + 1)] })
    value = context.reshape(swapped, [group * perGroup, outputs / group, ...kernel])
  }
  const long = spatial.filter(axis => dims[axis]! > 1)
  if (long.length === 0) return value
  const list = (fill: (axis: number) => number): string => context.ints64(long.map(fill))
  return context.emit('Slice', [value, list(() => -1), list(() => -(2 ** 31)), list(axis => axis), list(() => -1)])
}

/** Gradient of a convolution's input: a convolution at stride 1, a transposed convolution otherwise. */
function inputGradient(context: RuleContext, g: string, weight: string, axes: readonly WindowAxis[], group: number): string {
  const dims = context.dims(weight)
  const dilations = axes.map(axis => axis.dilation)
  const kernel = axes.map(axis => axis.kernel)
  if (axes.some(axis => axis.stride > 1)) {
    const rest = (axis: WindowAxis): number =>
      axis.input + axis.before + axis.after - ((axis.output - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1)
    const gradient = context.emit('ConvTranspose', [g, weight], {
      group,
      dilations,
      kernel_shape: kernel,
      strides: axes.map(axis => axis.stride),
      pads: pairs(axes, axis => [axis.before, axis.after]),
      output_padding: axes.map(rest),
    })
    const xDims = context.dims(context.input(0))
    return blockable(xDims) ? blocked(context, gradient, xDims, 1) : gradient
  }
  const reach = (axis: WindowAxis): readonly [number, number] => {
    const span = axis.dilation * (axis.kernel - 1)
    return [span - axis.before, span - axis.after]
  }
  // Padding beyond the kernel's reach was never read by it: crop the cotangent there.
  let cropped = g
  axes.forEach((axis, i) => {
    const [before, after] = reach(axis)
    cropped = padAxis(context, cropped, axes.length + 2, i + 2, Math.min(0, before), Math.min(0, after))
  })
  return context.emit('Conv', [cropped, flippedWeight(context, weight, dims, group)], {
    group,
    dilations,
    kernel_shape: kernel,
    pads: pairs(axes, axis => {
      const [before, after] = reach(axis)
      return [Math.max(0, before), Math.max(0, after)]
    }),
  })
}

const biasGradient = (context: RuleContext, g: string, rank: number): string =>
  context.emit('ReduceSum', [g, context.ints64([0, ...range(2, rank)])], { keepdims: 0 })

/** The axes of a transposed convolution, seen as the convolution it transposes: its input is our output. */
function transposedAxes(
  context: RuleContext,
  xDims: readonly number[],
  yDims: readonly number[],
  kernel: readonly number[],
): WindowAxis[] {
  const rank = kernel.length
  const strides = context.ints('strides') ?? Array(rank).fill(1)
  const dilations = context.ints('dilations') ?? Array(rank).fill(1)
  const extra = context.ints('output_padding') ?? Array(rank).fill(0)
  const pads = context.ints('pads') ?? Array(2 * rank).fill(0)
  const automatic = context.string('auto_pad', 'NOTSET')
  const computed = context.ints('output_shape') !== undefined || automatic.startsWith('SAME')
  return kernel.map((size, i) => {
    const axis = { input: yDims[i + 2]!, output: xDims[i + 2]!, kernel: size, stride: strides[i]!, dilation: dilations[i]! }
    if (!computed)
      return automatic === 'VALID' ? { ...axis, before: 0, after: 0 } : { ...axis, before: pads[i]!, after: pads[i + rank]! }
    const total = Math.max(0, axis.stride * (axis.output - 1) + extra[i]! + axis.dilation * (size - 1) + 1 - axis.input)
    const half = Math.floor(total / 2)
    return automatic === 'SAME_UPPER'
      ? { ...axis, before: half, after: total - half }
      : { ...axis, before: total - half, after: half }
  })
}

/** A convolution may read beyond what it needs; its result is cut to the length asked for. */
function cropTo(context: RuleContext, value: string, axes: readonly WindowAxis[]): string {
  let cropped = value
  axes.forEach((axis, i) => {
    const length = Math.floor((axis.input + axis.before + axis.after - axis.dilation * (axis.kernel - 1) - 1) / axis.stride) + 1
    cropped = padAxis(context, cropped, axes.length + 2, i + 2, 0, axis.output - length)
  })
  return cropped
}

export const convolution: RuleTable = {
  Conv: single((g, c) => {
    const [x, weight] = [c.input(0), c.input(1)]
    const [xDims, gDims] = [c.dims(x), c.dims(c.output(0))]
    const axes = windowAxes(c, xDims, gDims, c.dims(weight).slice(2))
    const group = c.int('group', 1)
    return [
      c.wants(0) ? inputGradient(c, g, weight, axes, group) : null,
      c.wants(1) ? weightGradient(c, { x, xDims, g, gDims, axes, group }) : null,
      c.wants(2) ? biasGradient(c, g, xDims.length) : null,
    ]
  }),
  ConvTranspose: single((g, c) => {
    const [x, weight] = [c.input(0), c.input(1)]
    const [xDims, gDims] = [c.dims(x), c.dims(c.output(0))]
    const axes = transposedAxes(c, xDims, gDims, c.dims(weight).slice(2))
    const group = c.int('group', 1)
    const toInput = (): string =>
      cropTo(
        c,
        c.emit('Conv', [g, weight], {
          group,
          kernel_shape: axes.map(axis => axis.kernel),
          strides: axes.map(axis => axis.stride),
          dilations: axes.map(axis => axis.dilation),
          pads: pairs(axes, axis => [axis.before, axis.after]),
        }),
        axes,
      )
    return [
      c.wants(0) ? toInput() : null,
      c.wants(1) ? weightGradient(c, { x: g, xDims: gDims, g: x, gDims: xDims, axes, group }) : null,
      c.wants(2) ? biasGradient(c, g, xDims.length) : null,
    ]
  }),
}
