/**
 * @file Gradients of quantisation, straight through: rounding counts as the identity, and nothing passes where a value was
 * clipped. Cotangents of quantised integers are floats.
 */
import type { DataType } from '@ascribe/onnx'
import { type Rule, type RuleContext, type RuleTable, single } from '../rule.js'

/** Range of the floats of eight bits. */
const floatRanges: Readonly<Partial<Record<DataType, number>>> = {
  float8e4m3fn: 448,
  float8e4m3fnuz: 240,
  float8e5m2: 57344,
  float8e5m2fnuz: 57344,
  float4e2m1: 6,
}

/** What is not clipped: [low, high), half a step around the integers that exist. Ties round to even, so the high end clips. */
function kept(dtype: DataType, c: RuleContext): readonly [number, number] {
  const integer = /^(u?)int(\d+)$/.exec(dtype)
  const float = floatRanges[dtype]
  if (float !== undefined) return [-float, float]
  if (!integer) return c.unsupported(`it quantises to ${dtype}`)
  const bits = Number(integer[2])
  return integer[1] ? [-0.5, 2 ** bits - 0.5] : [-(2 ** (bits - 1)) - 0.5, 2 ** (bits - 1) - 0.5]
}

/** How scale and zero point lie along the tensor: one for all, one per index of an axis, or one per block of it. */
interface Layout {
  spread(value: string): string
  /** Sums a value of the tensor's shape down to the scale's. */
  gather(value: string): string
}

function layout(c: RuleContext): Layout {
  const dims = c.dims(c.input(0))
  const own = c.dims(c.input(1))
  const size = own.reduce((product, dim) => product * dim, 1)
  if (size === 1)
    return {
      spread: value => c.reshape(value, [], own),
      gather: value => c.reshape(c.emit('ReduceSum', [value], { keepdims: 0 }), own, []),
    }
  const given = c.int('axis', 1)
  const axis = given < 0 ? given + dims.length : given
  const block = c.int('block_size', 0)
  if (block === 0) {
    const perAxis = dims.map((dim, i) => (i === axis ? dim : 1))
    return {
      spread: value => c.reshape(value, perAxis, own),
      gather: value => c.reshape(c.reduceTo(value, dims, perAxis), own, perAxis),
    }
  }
  const blocks = own[axis]!
  const split = (length: number): number[] => [...dims.slice(0, axis), blocks, length, ...dims.slice(axis + 1)]
  const whole = dims.map((dim, i) => (i === axis ? blocks * block : dim))
  const extra = blocks * block - dims[axis]!
  return {
    spread: value => {
      const repeated = c.emit('Expand', [c.reshape(value, split(1)), c.ints64(split(block))])
      const joined = c.reshape(repeated, whole)
      return extra === 0 ? joined : c.emit('Slice', [joined, c.ints64([0]), c.ints64([dims[axis]!]), c.ints64([axis])])
    },
    gather: value => {
      const pads = [...dims.map(() => 0), ...dims.map((_, i) => (i === axis ? extra : 0))]
      const padded = extra === 0 ? value : c.emit('Pad', [value, c.ints64(pads)])
      return c.emit('ReduceSum', [c.reshape(padded, split(block)), c.ints64([axis + 1])], { keepdims: 0 })
    },
  }
}

/** The zero point as floats along the tensor, or undefined where there is none. */
function zeroPoint(c: RuleContext, { spread }: Layout): string | undefined {
  if (!c.has(2)) return undefined
  const tensor = c.constant(c.input(2))
  if (!tensor) return spread(c.emit('Cast', [c.input(2)], { to: 1 }))
  const numbers = tensor.numbers()
  return numbers.every(value => value === 0) ? undefined : spread(c.floats(numbers, tensor.dims, c.input(1)))
}

const quantize: Rule = ([g], c) => {
  if (!g) return []
  const x = c.input(0)
  const place = layout(c)
  const scale = place.spread(c.input(1))
  const zero = zeroPoint(c, place)
  const [low, high] = kept(c.dtype(c.output(0)), c)
  const steps = c.emit('Div', [x, scale])
  const level = zero === undefined ? steps : c.emit('Add', [steps, zero])
  const inside = c.emit('And', [c.emit('GreaterOrEqual', [level, c.scalar(low, x)]), c.emit('Less', [level, c.scalar(high, x)])])
  const dx = c.emit('Where', [inside, c.emit('Div', [g, scale]), c.scalar(0, x)])
  return [c.wants(0) ? dx : null, c.wants(1) ? place.gather(c.emit('Neg', [c.emit('Mul', [dx, steps])])) : null]
}

const dequantize = single((g, c) => {
  const place = layout(c)
  const dscale = (): string => {
    const level = c.emit('Cast', [c.input(0)], { to: 1 })
    const zero = zeroPoint(c, place)
    return place.gather(c.emit('Mul', [g, zero === undefined ? level : c.emit('Sub', [level, zero])]))
  }
  return [c.wants(0) ? c.emit('Mul', [g, place.spread(c.input(1))]) : null, c.wants(1) ? dscale() : null]
})

/** The range always covers the data, so that nothing is clipped. */
const dynamicQuantize: Rule = ([g], c) => [g ? c.emit('Div', [g, c.output(1)]) : null]

export const quantization: RuleTable = {
  QuantizeLinear: {
    kind: 'gradient',
    rule: quantize,
    straightThrough: true,
    note: 'straight through: the identity where nothing is clipped',
  },
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: {
    kind: 'gradient',
    rule: dynamicQuantize,
    straightThrough: true,
    note: 'straight through; scale and zero point count as constants',
  },
}
