/** @file Operators with a sliding window: convolutions, pools, and their inverses. */
import type { DataType } from '../dtype.js'
import type { Dimension, Shape } from '../graph.js'
import { one, rules, unify, unknownDims } from './common.js'
import { addDims, floorDivideDims, multiplyDims, subtractDims } from './dimension.js'
import type { ShapeContext, ShapeRule, ShapeRules } from './rule.js'

interface Window {
  readonly kernel: readonly Dimension[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** Begins, then ends. */
  readonly pads: readonly number[]
  readonly auto: string
}

function windowOf(c: ShapeContext, kernel: readonly Dimension[]): Window {
  const rank = kernel.length
  const read = (name: string, length: number, fallback: number) => {
    const list = c.ints(name)
    if (list && list.length !== length) c.fail(`${name} [${list}] must have ${length} entries`)
    return list ?? new Array<number>(length).fill(fallback)
  }
  const strides = read('strides', rank, 1)
  if (strides.some(stride => stride < 1)) c.fail(`strides [${strides}] must be positive`)
  return {
    kernel,
    strides,
    dilations: read('dilations', rank, 1),
    pads: read('pads', 2 * rank, 0),
    auto: c.string('auto_pad', 'NOTSET'),
  }
}

const ceilDivide = (a: Dimension, b: number): Dimension => floorDivideDims(addDims(a, b - 1), b)

/** Number of window positions along spatial axis `i`. */
function positions(
  c: ShapeContext,
  { kernel, strides, dilations, pads, auto }: Window,
  size: Dimension,
  i: number,
  ceil: boolean,
): Dimension {
  const stride = strides[i]!
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return ceilDivide(size, stride)
  const [begin, end] = auto === 'VALID' ? [0, 0] : [pads[i]!, pads[i + kernel.length]!]
  const span = addDims(multiplyDims(subtractDims(kernel[i]!, 1), dilations[i]!), 1)
  const room = subtractDims(addDims(size, begin + end), span)
  if (typeof room !== 'number') return ceil ? (stride === 1 ? addDims(room, 1) : null) : addDims(floorDivideDims(room, stride), 1)
  if (room < 0 && size !== 0)
    c.fail(`the window of ${span} does not fit dimension ${i + 2} of ${size} with pads ${begin} and ${end}`)
  const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1
  // A window that would start in the padding after the end is not counted.
  return ceil && typeof size === 'number' && (count - 1) * stride >= size + begin ? count - 1 : count
}

function spatial(c: ShapeContext, x: Shape, kernel: readonly Dimension[], ceil = false): Dimension[] {
  const window = windowOf(c, kernel)
  return kernel.map((_, i) => positions(c, window, x[i + 2]!, i, ceil))
}

/** Shape of a convolution of x and w, channels second; null where the rank is unknown. */
export function convShape(c: ShapeContext, x: Shape | null, w: Shape | null): Shape | null {
  const rank = x?.length ?? w?.length
  if (rank === undefined) return null
  const input = x ?? unknownDims(rank)
  const weight = w ?? unknownDims(rank)
  if (rank < 3) c.fail('the input needs at least three dimensions: batch, channels, space')
  if (weight.length !== rank) c.fail('input and weight have different numbers of dimensions')
  unify(c, input[1]!, multiplyDims(weight[1]!, c.int('group', 1)), 'the channels of the input do not fit the weight')
  const attribute = c.ints('kernel_shape')
  const kernel = weight
    .slice(2)
    .map((dim, i) => (attribute ? unify(c, attribute[i]!, dim, 'kernel_shape differs from the weight') : dim))
  return [input[0]!, weight[0]!, ...spatial(c, input, kernel)]
}

const convTranspose: ShapeRule = c => {
  const x = c.shape(0)
  const w = c.shape(1)
  const rank = x?.length ?? w?.length
  if (rank === undefined) return one(c.dtype(0), null)
  const input = x ?? unknownDims(rank)
  const weight = w ?? unknownDims(rank)
  if (rank < 3 || weight.length !== rank) c.fail('input and weight have different or too few dimensions')
  unify(c, input[1]!, weight[0]!, 'the channels of the input do not fit the weight')
  const window = windowOf(c, c.ints('kernel_shape') ?? weight.slice(2))
  const { kernel, strides, dilations, pads, auto } = window
  const wanted = c.ints('output_shape')
  const extra = c.ints('output_padding')
  const space = kernel.map((size, i): Dimension => {
    if (wanted) return wanted[i + wanted.length - kernel.length]!
    const dim = input[i + 2]!
    const span = addDims(multiplyDims(subtractDims(size, 1), dilations[i]!), 1 + (extra?.[i] ?? 0))
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
      // ONNX Runtime does not fill the rest where the window is shorter than the stride.
      const short = subtractDims(span, strides[i]!)
      return addDims(multiplyDims(dim, strides[i]!), typeof short === 'number' ? Math.min(short, 0) : null)
    }
    const full = addDims(multiplyDims(subtractDims(dim, 1), strides[i]!), span)
    return auto === 'VALID' ? full : subtractDims(full, pads[i]! + pads[i + kernel.length]!)
  })
  return one(c.dtype(0), [input[0]!, multiplyDims(weight[1]!, c.int('group', 1)), ...space])
}

const pool =
  (indices?: DataType): ShapeRule =>
  c => {
    const dtype = c.dtype(0)
    const x = c.shape(0)
    const kernel = c.ints('kernel_shape') ?? c.fail('it has no kernel_shape attribute')
    const from = x ?? unknownDims(kernel.length + 2)
    if (from.length !== kernel.length + 2) c.fail(`kernel_shape [${kernel}] does not fit an input of ${from.length} dimensions`)
    const out = [from[0]!, from[1]!, ...spatial(c, from, kernel, c.int('ceil_mode', 0) !== 0)]
    return indices && c.outputCount > 1 ? [...one(dtype, out), ...one(indices, out)] : one(dtype, out)
  }

const globalPool: ShapeRule = c => {
  const x = c.shape(0)
  if (x && x.length < 3) c.fail('the input needs at least three dimensions: batch, channels, space')
  return one(c.dtype(0), x ? x.map((dim, i) => (i < 2 ? dim : 1)) : null)
}

const maxUnpool: ShapeRule = c => {
  const x = c.shape(0)
  const explicit = c.elements(2)
  if (explicit) return one(c.dtype(0), explicit)
  if (!x || c.has(2)) return one(c.dtype(0), x && unknownDims(x.length))
  const { kernel, strides, pads } = windowOf(c, c.ints('kernel_shape') ?? c.fail('it has no kernel_shape attribute'))
  const space = kernel.map((size, i) =>
    subtractDims(addDims(multiplyDims(subtractDims(x[i + 2]!, 1), strides[i]!), size), pads[i]! + pads[i + kernel.length]!),
  )
  return one(c.dtype(0), [x[0]!, x[1]!, ...space])
}

const col2Im: ShapeRule = c => {
  const x = c.shape(0)
  const image = c.elements(1)
  const block = c.elements(2)
  const rank = image?.length ?? c.shape(1)?.[0]
  if (!x || !image || !block) return one(c.dtype(0), typeof rank === 'number' ? unknownDims(rank + 2) : null)
  const size = block.reduce(multiplyDims, 1)
  return one(c.dtype(0), [x[0]!, floorDivideDims(x[1]!, size), ...image])
}

export const windowRules: ShapeRules = {
  Conv: c => one(c.dtype(0), convShape(c, c.shape(0), c.shape(1))),
  ConvInteger: c => one('int32', convShape(c, c.shape(0), c.shape(1))),
  QLinearConv: c => one(c.dtype(7), convShape(c, c.shape(0), c.shape(3))),
  DeformConv: c => one(c.dtype(0), convShape(c, c.shape(0), c.shape(1))),
  ConvTranspose: convTranspose,
  MaxPool: pool('int64'),
  ...rules(['AveragePool', 'LpPool'], pool()),
  ...rules(['GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'], globalPool),
  MaxUnpool: maxUnpool,
  Col2Im: col2Im,
}
