/** @file Sliding windows: resolved attributes of convolutions and poolings, and the scatter that undoes a strided read along one axis. */
import type { RuleContext } from '../rule.js'

/** One spatial axis of a sliding window, with every default and automatic padding resolved. */
export interface WindowAxis {
  /** Input and output length. */
  readonly input: number
  readonly output: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  /** Padding before; the padding after is whatever the last window needs. */
  readonly before: number
  readonly after: number
}

/**
 * The axes of a window that reads `input` dims [N, C, ...spatial] and writes `output` dims.
 * auto_pad is resolved from the two lengths, which shape inference has already agreed on.
 */
export function windowAxes(
  context: RuleContext,
  input: readonly number[],
  output: readonly number[],
  kernel: readonly number[],
): WindowAxis[] {
  const rank = kernel.length
  const strides = context.ints('strides') ?? Array(rank).fill(1)
  const dilations = context.ints('dilations') ?? Array(rank).fill(1)
  const pads = context.ints('pads') ?? Array(2 * rank).fill(0)
  const automatic = context.string('auto_pad', 'NOTSET')
  return kernel.map((size, i) => {
    const axis = { input: input[i + 2]!, output: output[i + 2]!, kernel: size, stride: strides[i]!, dilation: dilations[i]! }
    if (automatic === 'VALID') return { ...axis, before: 0, after: 0 }
    if (automatic === 'NOTSET') return { ...axis, before: pads[i]!, after: pads[i + rank]! }
    const total = Math.max(0, (axis.output - 1) * axis.stride + axis.dilation * (size - 1) + 1 - axis.input)
    const half = Math.floor(total / 2)
    return automatic === 'SAME_UPPER'
      ? { ...axis, before: half, after: total - half }
      : { ...axis, before: total - half, after: half }
  })
}

/** Length of the padded input that the windows read: up to the end of the last window, or of the input if that is longer. */
export const paddedLength = (axis: WindowAxis): number =>
  Math.max(axis.before + axis.input, (axis.output - 1) * axis.stride + axis.dilation * (axis.kernel - 1) + 1)

/** Pads one dimension of a value; negative amounts crop. */
export function padAxis(
  context: RuleContext,
  value: string,
  rank: number,
  dimension: number,
  before: number,
  after: number,
  fill?: number,
): string {
  if (before === 0 && after === 0) return value
  const pads = Array<number>(2 * rank).fill(0)
  pads[dimension] = before
  pads[dimension + rank] = after
  return context.emit('Pad', [value, context.ints64(pads), ...(fill === undefined ? [] : [context.scalar(fill)])])
}

/** The elements that kernel position `offset` reads along a dimension of the padded input: one per output. */
export function readOffset(context: RuleContext, padded: string, dimension: number, axis: WindowAxis, offset: number): string {
  const start = offset * axis.dilation
  const end = start + (axis.output - 1) * axis.stride + 1
  const [starts, ends, axes, steps] = [[start], [end], [dimension], [axis.stride]].map(list => context.ints64(list))
  return context.emit('Slice', [padded, starts!, ends!, axes!, steps!])
}

/**
 * The transpose of `readOffset` summed over kernel positions: element i of `parts[offset]` is added at
 * offset·dilation + i·stride of the padded input, then the padding is cut off. `dims` are the parts' dimensions.
 * Works by stride phases, since no scatter of ONNX Runtime is both fast and exact with several threads.
 */
export function scatterOffsets(
  context: RuleContext,
  parts: readonly string[],
  dims: readonly number[],
  dimension: number,
  axis: WindowAxis,
): string {
  const rank = dims.length
  const length = Math.ceil(paddedLength(axis) / axis.stride)
  const phases = Array.from({ length: axis.stride }, (_, phase) => {
    const shifted = parts.flatMap((part, offset) => {
      const start = offset * axis.dilation
      if (start % axis.stride !== phase) return []
      const skip = (start - phase) / axis.stride
      return [padAxis(context, part, rank, dimension, skip, length - axis.output - skip)]
    })
    if (shifted.length === 0) return null
    return shifted.reduce((left, right) => context.emit('Add', [left, right]))
  })
  const crop = (value: string, total: number): string =>
    padAxis(context, value, rank, dimension, -axis.before, axis.before + axis.input - total)
  if (axis.stride === 1) return crop(phases[0]!, length)
  const full = dims.map((dim, i) => (i === dimension ? length : dim))
  const column = [...full.slice(0, dimension + 1), 1, ...full.slice(dimension + 1)]
  const zeros = (): string => context.emit('Expand', [context.scalar(0), context.ints64(column)])
  const stacked = context.emit(
    'Concat',
    phases.map(phase => (phase === null ? zeros() : context.reshape(phase, column))),
    { axis: dimension + 1 },
  )
  const merged = full.map((dim, i) => (i === dimension ? length * axis.stride : dim))
  return crop(context.reshape(stacked, merged), length * axis.stride)
}
