/** @file Gradients of normalization layers. */
import { elementCount } from '@ascribe/onnx'
import { type Rule, type RuleContext, type RuleTable, single, unary } from '../rule.js'
import { sign } from './masks.js'

/** A vector of ones, expanded by the runtime where it is long. */
const ones = (length: number, c: RuleContext): string =>
  length <= 4096 ? c.floats(new Float32Array(length).fill(1), [length]) : c.emit('Expand', [c.scalar(1), c.ints64([length])])

interface Standardised {
  /** (x - mean) / √(var + epsilon) */
  readonly y: string
  /** 1 / √(var + epsilon), broadcasting against y. */
  readonly inverse: string
}

/** Standardises over the last axes from `axis` on in one fused kernel. */
function standardise(x: string, inner: readonly number[], epsilon: number, c: RuleContext): Standardised {
  const scale = inner.length === 1 ? ones(inner[0]!, c) : c.emit('Expand', [c.scalar(1), c.ints64(inner)])
  const [y, , inverse] = c.emitAll('LayerNormalization', [x, scale], 3, { axis: -inner.length, epsilon })
  return { y: y!, inverse: inverse! }
}

/** The gradient of the standardised value: inverse (g - mean g - y mean(g y)). */
function standardisedGradient(g: string, { y, inverse }: Standardised, axes: readonly number[], c: RuleContext): string {
  const mean = (value: string): string => c.emit('ReduceMean', [value, c.ints64(axes)], { keepdims: 1 })
  const along = c.emit('Mul', [y, mean(c.emit('Mul', [g, y]))])
  return c.emit('Mul', [inverse, c.emit('Sub', [c.emit('Sub', [g, along]), mean(g)])])
}

const lastAxes = (rank: number, from: number): number[] => Array.from({ length: rank - from }, (_, i) => from + i)

/** Outputs: y = scale x̂ + bias, the mean, and 1 / √(var + epsilon); all three may carry a cotangent. */
const layerNormalization: Rule = ([g, ofMean, ofInverse], c) => {
  const x = c.input(0)
  const dims = c.dims(x)
  const given = c.int('axis', -1)
  const axis = given < 0 ? given + dims.length : given
  const inner = dims.slice(axis)
  const axes = lastAxes(dims.length, axis)
  const plain = standardise(x, inner, c.float('epsilon', 1e-5), c)
  const parts: string[] = []
  if (c.wants(0)) {
    if (g) parts.push(standardisedGradient(c.emit('Mul', [g, c.input(1)]), plain, axes, c))
    const each = 1 / elementCount(inner)
    if (ofMean) parts.push(c.emit('Expand', [c.emit('Mul', [ofMean, c.scalar(each, x)]), c.ints64(dims)]))
    if (ofInverse) {
      const square = c.emit('Mul', [plain.inverse, plain.inverse])
      parts.push(c.emit('Mul', [plain.y, c.emit('Mul', [c.emit('Mul', [ofInverse, square]), c.scalar(-each, x)])]))
    }
  }
  const dx = parts.length > 0 ? parts.reduce((left, right) => c.emit('Add', [left, right])) : null
  return [
    dx,
    g && c.wants(1) ? c.reduceTo(c.emit('Mul', [g, plain.y]), dims, c.dims(c.input(1))) : null,
    g && c.wants(2) ? c.reduceTo(g, dims, c.dims(c.input(2))) : null,
  ]
}

/** Standardises groups of `channels / groups` channels per row; scale and bias are per channel. */
function grouped(g: string, c: RuleContext, groups: number): (string | null)[] {
  const x = c.input(0)
  const dims = c.dims(x)
  const [batch, channels] = [dims[0]!, dims[1]!]
  const width = elementCount(dims.slice(1)) / groups
  const rows = [batch * groups, width]
  const perChannel = [1, channels, ...dims.slice(2).map(() => 1)]
  const plain = standardise(c.reshape(x, rows, dims), [width], c.float('epsilon', 1e-5), c)
  const dx = (): string => {
    const scaled = c.emit('Mul', [g, c.reshape(c.input(1), perChannel)])
    return c.reshape(standardisedGradient(c.reshape(scaled, rows, dims), plain, [1], c), dims, rows)
  }
  const down = (value: string): string => c.reshape(c.reduceTo(value, dims, perChannel), [channels], perChannel)
  return [
    c.wants(0) ? dx() : null,
    c.wants(1) ? down(c.emit('Mul', [g, c.reshape(plain.y, dims, rows)])) : null,
    c.wants(2) ? down(g) : null,
  ]
}

/** With the statistics given, the gradient is the same operator on the cotangent, without mean and bias. */
function inferenceBatchNormalization(g: string, c: RuleContext): (string | null)[] {
  const [x, scale, mean, variance] = [c.input(0), c.input(1), c.input(3), c.input(4)]
  const dims = c.dims(x)
  const channels = dims[1] ?? 1
  const epsilon = c.float('epsilon', 1e-5)
  const perChannel = [1, channels, ...dims.slice(2).map(() => 1)]
  const nothing = c.floats(new Float32Array(channels), [channels])
  const scaled = (by: string): string => c.emit('BatchNormalization', [g, by, nothing, nothing, variance], { epsilon })
  const sum = (value: string): string => c.reshape(c.reduceTo(value, dims, perChannel), [channels], perChannel)
  const inverse = (): string => c.emit('Reciprocal', [c.emit('Sqrt', [c.emit('Add', [variance, c.scalar(epsilon)])])])
  const centred = (): string => c.emit('Sub', [x, c.reshape(mean, perChannel)])
  const dscale = (): string => c.emit('Mul', [sum(c.emit('Mul', [g, centred()])), inverse()])
  const dvariance = (): string => {
    const i = inverse()
    const cube = c.emit('Mul', [c.emit('Mul', [i, i]), c.emit('Mul', [i, c.scalar(-0.5)])])
    return c.emit('Mul', [sum(c.emit('Mul', [g, centred()])), c.emit('Mul', [scale, cube])])
  }
  return [
    c.wants(0) ? scaled(scale) : null,
    c.wants(1) ? dscale() : null,
    c.wants(2) ? sum(g) : null,
    c.wants(3) ? c.emit('Neg', [c.emit('Mul', [sum(g), c.emit('Mul', [scale, inverse()])])]) : null,
    c.wants(4) ? dvariance() : null,
  ]
}

/**
 * With the batch's own statistics; the running mean and variance are outputs too. Written as dx = a g + b x + c with one number each per
 * channel, so that the tensors are read as few times as possible.
 */
const trainingBatchNormalization: Rule = ([g, ofMean, ofVariance], c) => {
  const [x, scale] = [c.input(0), c.input(1)]
  const dims = c.dims(x)
  const channels = dims[1]!
  const perChannel = [1, channels, ...dims.slice(2).map(() => 1)]
  const axes = c.ints64(dims.map((_, axis) => axis).filter(axis => axis !== 1))
  const count = elementCount(dims) / channels
  const momentum = c.float('momentum', 0.9)
  const wide = (vector: string): string => c.reshape(vector, perChannel, [channels])
  const sum = (value: string): string => c.emit('ReduceSum', [value, axes], { keepdims: 0 })
  const times = (value: string, factor: number): string => c.emit('Mul', [value, c.scalar(factor)])
  const mean = c.emit('ReduceMean', [x, axes], { keepdims: 0 })
  const squares = times(c.emit('ReduceSumSquare', [x, axes], { keepdims: 0 }), 1 / count)
  const variance = c.emit('Max', [c.emit('Sub', [squares, c.emit('Mul', [mean, mean])]), c.scalar(0)])
  const root = c.emit('Sqrt', [c.emit('Add', [variance, c.scalar(c.float('epsilon', 1e-5))])])
  const share = (1 - momentum) / count
  /** Numbers per channel that multiply g, x and 1. */
  const factors: { g?: string; x: string[]; one: string[] } = { x: [], one: [] }
  let [dscale, dbias]: (string | null)[] = [null, null]
  if (g) {
    dbias = sum(g)
    const along = c.emit('Sub', [sum(c.emit('Mul', [g, x])), c.emit('Mul', [mean, dbias])])
    dscale = c.emit('Div', [along, root])
    const slope = c.emit('Div', [scale, root])
    const ofX = times(c.emit('Div', [c.emit('Mul', [slope, dscale]), root]), -1 / count)
    factors.g = slope
    factors.x.push(ofX)
    factors.one.push(times(c.emit('Mul', [slope, dbias]), -1 / count), c.emit('Neg', [c.emit('Mul', [ofX, mean])]))
  }
  if (ofMean) factors.one.push(times(ofMean, share))
  if (ofVariance) {
    const ofX = times(ofVariance, 2 * share)
    factors.x.push(ofX)
    factors.one.push(c.emit('Neg', [c.emit('Mul', [ofX, mean])]))
  }
  const total = (parts: readonly string[]): string => parts.reduce((left, right) => c.emit('Add', [left, right]))
  const dx = (): string | null => {
    if (factors.one.length === 0) return null
    const shift = wide(total(factors.one))
    if (factors.x.length === 0) return c.emit('Expand', [shift, c.ints64(dims)])
    const affine = c.emit('Add', [c.emit('Mul', [x, wide(total(factors.x))]), shift])
    return factors.g && g ? c.emit('Add', [c.emit('Mul', [g, wide(factors.g)]), affine]) : affine
  }
  const kept = (cotangent: string | null | undefined): string | null =>
    cotangent ? c.emit('Mul', [cotangent, c.scalar(momentum)]) : null
  return [c.wants(0) ? dx() : null, c.wants(1) ? dscale : null, c.wants(2) ? dbias : null, kept(ofMean), kept(ofVariance)]
}

/** y = x D^-beta with D = bias + alpha / size · the sum of squares over a window of channels, which is a banded matrix here. */
function lrn(g: string, x: string, y: string, c: RuleContext): string {
  const dims = c.dims(x)
  const channels = dims[1]!
  const size = c.int('size') ?? c.unsupported('its attribute size is missing')
  const beta = c.float('beta', 0.75)
  const factor = c.float('alpha', 1e-4) / size
  const rows = [dims[0]!, channels, elementCount(dims.slice(2))]
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]
  const band = (low: number, high: number): string => {
    const inside = (i: number): number => {
      const [row, column] = [Math.floor(i / channels), i % channels]
      return column >= row - low && column <= row + high ? 1 : 0
    }
    return c.floats(
      Float32Array.from({ length: channels * channels }, (_, i) => inside(i)),
      [channels, channels],
    )
  }
  const windowSum = (value: string, matrix: string): string =>
    c.reshape(c.emit('MatMul', [matrix, c.reshape(value, rows, dims)]), dims, rows)
  const squares = windowSum(c.emit('Mul', [x, x]), band(before, after))
  const d = c.emit('Add', [c.emit('Mul', [squares, c.scalar(factor)]), c.scalar(c.float('bias', 1))])
  const spread = windowSum(c.emit('Div', [c.emit('Mul', [g, y]), d]), band(after, before))
  const direct = c.emit('Mul', [g, c.emit('Pow', [d, c.scalar(-beta)])])
  return c.emit('Sub', [direct, c.emit('Mul', [c.emit('Mul', [x, spread]), c.scalar(2 * factor * beta)])])
}

/** y = (x - mean) / std over the axes; a constant group gets zero. */
function meanVarianceNormalization(g: string, x: string, y: string, c: RuleContext): string {
  const rank = c.rank(x)
  const axes = (c.ints('axes') ?? [0, 2, 3]).map(axis => (axis < 0 ? axis + rank : axis))
  const mean = (value: string): string => c.emit('ReduceMean', [value, c.ints64(axes)], { keepdims: 1 })
  const centred = c.emit('Sub', [x, mean(x)])
  const deviation = c.emit('Sqrt', [mean(c.emit('Mul', [centred, centred]))])
  const inverse = guardedReciprocal(deviation, c)
  return standardisedGradient(g, { y, inverse }, axes, c)
}

const guardedReciprocal = (value: string, c: RuleContext): string => {
  const isZero = c.emit('Equal', [value, c.scalar(0)])
  const safe = c.emit('Where', [isZero, c.scalar(1), value])
  return c.emit('Where', [isZero, c.scalar(0), c.emit('Reciprocal', [safe])])
}

/** y = x / n: (g - direction Σ g y) / n, where the direction is y for the 2-norm and sign x for the 1-norm. */
function lpNormalization(g: string, x: string, y: string, c: RuleContext): string {
  const axis = c.int('axis', -1)
  const axes = c.ints64([axis < 0 ? axis + c.rank(x) : axis])
  const two = c.int('p', 2) === 2
  const inverse = guardedReciprocal(c.emit(two ? 'ReduceL2' : 'ReduceL1', [x, axes], { keepdims: 1 }), c)
  const total = c.emit('ReduceSum', [c.emit('Mul', [g, y]), axes], { keepdims: 1 })
  const direction = two ? y : sign(x, c)
  return c.emit('Mul', [inverse, c.emit('Sub', [g, c.emit('Mul', [direction, total])])])
}

export const normalization: RuleTable = {
  BatchNormalization: {
    kind: 'gradient',
    rule: (cotangents, c) => {
      if (c.int('training_mode', 0)) return trainingBatchNormalization(cotangents, c)
      return cotangents[0] ? inferenceBatchNormalization(cotangents[0], c) : []
    },
  },
  LayerNormalization: { kind: 'gradient', rule: layerNormalization },
  InstanceNormalization: single((g, c) => grouped(g, c, c.dims(c.input(0))[1]!)),
  GroupNormalization: single((g, c) =>
    grouped(g, c, c.int('num_groups') ?? c.unsupported('its attribute num_groups is missing')),
  ),
  LRN: unary(lrn),
  MeanVarianceNormalization: unary(meanVarianceNormalization, 'zero where all values of a group are equal'),
  LpNormalization: unary(lpNormalization, 'zero where the norm is zero'),
}
