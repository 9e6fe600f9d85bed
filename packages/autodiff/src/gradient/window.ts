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

/** Where kernel position `offset` of window 0 lies in the input: negative inside the padding. */
const placeOf = (axis: WindowAxis, offset: number): number => offset * axis.dilation - axis.before

/**
 * The elements that kernel position `offset` reads along a dimension of the input, one per output; `fill` where it reads padding.
 */
export function readOffset(
  context: RuleContext,
  x: string,
  rank: number,
  dimension: number,
  axis: WindowAxis,
  offset: number,
  fill: number,
): string {
  const place = placeOf(axis, offset)
  const first = Math.max(0, Math.ceil(-place / axis.stride))
  const start = place + first * axis.stride
  const count = Math.max(0, Math.min(axis.output - first, Math.ceil((axis.input - start) / axis.stride)))
  if (count === 0) {
    // Nothing but padding: read anything, and let the padding replace it.
    const one = slice(context, x, dimension, 0, 1, 1)
    return padAxis(context, padAxis(context, one, rank, dimension, -1, 0), rank, dimension, axis.output, 0, fill)
  }
  const whole = start === 0 && axis.stride === 1 && count === axis.input
  const read = whole ? x : slice(context, x, dimension, start, start + (count - 1) * axis.stride + 1, axis.stride)
  return padAxis(context, read, rank, dimension, first, axis.output - first - count, fill)
}

function slice(context: RuleContext, x: string, dimension: number, start: number, end: number, step: number): string {
  const [starts, ends, axes, steps] = [[start], [end], [dimension], [step]].map(list => context.ints64(list))
  return context.emit('Slice', [x, starts!, ends!, axes!, steps!])
}

/**
 * The transpose of `readOffset` summed over kernel positions: element i of `parts[offset]` is added to the input's place
 * i·stride + offset·dilation - before. `dims` are the parts' dimensions.
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
  const { stride } = axis
  const length = Math.ceil(axis.input / stride)
  const phases = Array.from({ length: stride }, (_, phase) => {
    const shifted = parts.flatMap((part, offset) => {
      const place = placeOf(axis, offset)
      if ((((place - phase) % stride) + stride) % stride !== 0) return []
      const skip = (place - phase) / stride
      return Math.abs(skip) >= Math.max(length, axis.output)
        ? []
        : [padAxis(context, part, rank, dimension, skip, length - axis.output - skip)]
    })
    return shifted.length === 0 ? null : shifted.reduce((left, right) => context.emit('Add', [left, right]))
  })
  const full = dims.map((dim, i) => (i === dimension ? length : dim))
  const zeros = (): string => context.emit('Expand', [context.scalar(0), context.ints64(full)])
  if (stride === 1) return phases[0] ?? zeros()
  const column = [...full.slice(0, dimension + 1), 1, ...full.slice(dimension + 1)]
  const stacked = context.emit(
    'Concat',
    phases.map(phase => context.reshape(phase ?? zeros(), column)),
    { axis: dimension + 1 },
  )
  const merged = full.map((dim, i) => (i === dimension ? length * stride : dim))
  return padAxis(context, context.reshape(stacked, merged), rank, dimension, 0, axis.input - length * stride)
}
