/** @file Normalisation layers: the centred value times the inverse deviation, a product of two that vary. */
import { elementCount } from '@ascribe/onnx'
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { refuseOthers } from './streams.js'

/** Inverse deviations of x and x0, and what their change comes to per change of variance: r - r0 = -slope (variance - variance0). */
interface Inverses {
  readonly r: string
  readonly r0: string
  readonly slope: string
}

type InversesOf = (
  variances: readonly [string, string],
  values: readonly [string, string],
  mean: (v: string) => string,
) => Inverses

/** r^2 r0^2 / (r + r0) */
function slopeOf(r: string, r0: string, c: RuleContext): string {
  const product = c.emit('Mul', [r, r0])
  return c.emit('Div', [c.emit('Mul', [product, product]), c.emit('Add', [r, r0])])
}

const inverseRoot = (value: string, c: RuleContext): string => c.emit('Reciprocal', [c.emit('Sqrt', [value])])

/** r = (variance + epsilon)^(-1/2) */
const stabilisedInverses =
  (epsilon: number, c: RuleContext): InversesOf =>
  variances => {
    const [r, r0] = variances.map(variance => inverseRoot(c.emit('Add', [variance, c.scalar(epsilon)]), c)) as [string, string]
    return { r, r0, slope: slopeOf(r, r0, c) }
  }

/**
 * r = variance^(-1/2). Where all values of a group are equal (up to rounding) y is 0 whatever r is: there it is the other's, and does not
 * change; 0 where both groups are equal.
 */
const bareInverses =
  (c: RuleContext): InversesOf =>
  (variances, values, mean) => {
    const flat = variances.map((variance, i) => {
      const squares = mean(c.emit('Mul', [values[i]!, values[i]!]))
      return c.emit('LessOrEqual', [variance, c.emit('Mul', [squares, c.scalar(1e-12)])])
    })
    const own = variances.map((variance, i) => inverseRoot(c.emit('Where', [flat[i]!, c.scalar(1), variance]), c))
    const both = c.emit('And', [flat[0]!, flat[1]!])
    const [r, r0] = own.map((inverse, i) =>
      c.emit('Where', [both, c.scalar(0), c.emit('Where', [flat[i]!, own[1 - i]!, inverse])]),
    ) as [string, string]
    const either = c.emit('Or', [flat[0]!, flat[1]!])
    return { r, r0, slope: c.emit('Where', [either, c.scalar(0), slopeOf(own[0]!, own[1]!, c)]) }
  }

/**
 * y = z r with z = x - mean x and r = (mean z^2 + epsilon)^(-1/2). y - y0 = (z - z0) mean(r, r0) + (r - r0) mean(z, z0), and
 * r - r0 = -(mean z^2 - mean z0^2) r^2 r0^2 / (r + r0), where mean z^2 - mean z0^2 = mean (z - z0) (z + z0).
 */
function standardised(g: string, x: string, x0: string, axes: readonly number[], inverses: InversesOf, c: RuleContext): string {
  const mean = (value: string): string => c.emit('ReduceMean', [value, c.ints64(axes)], { keepdims: 1 })
  const times = (a: string, b: string): string => c.emit('Mul', [a, b])
  const [z, z0] = [x, x0].map(value => c.emit('Sub', [value, mean(value)])) as [string, string]
  const { r, r0, slope } = inverses([mean(times(z, z)), mean(times(z0, z0))], [x, x0], mean)
  const [sumZ, sumR] = [c.emit('Add', [z, z0]), c.emit('Add', [r, r0])]
  const along = times(mean(times(g, sumZ)), slope)
  const inner = c.emit('Sub', [times(times(g, sumR), c.scalar(0.5)), times(times(sumZ, along), c.scalar(0.5))])
  return c.emit('Sub', [inner, mean(inner)])
}

export const layerNormalization: RuleEntry = {
  kind: 'gradient',
  rule: ([g, ofMean, ofInverse], c) => {
    if (ofMean || ofInverse) c.unsupported('its mean or deviation is read as an output')
    if (!g) return []
    refuseOthers(c)
    const x = c.input(0)
    const rank = c.rank(x)
    const given = c.int('axis', -1)
    const axis = given < 0 ? given + rank : given
    const axes = Array.from({ length: rank - axis }, (_, i) => axis + i)
    const scaled = c.emit('Mul', [g, c.input(1)])
    return [standardised(scaled, x, c.value(x, 'baseline'), axes, stabilisedInverses(c.float('epsilon', 1e-5), c), c)]
  },
}

const grouped = (groupsOf: (c: RuleContext) => number): RuleEntry =>
  single((g, c) => {
    refuseOthers(c)
    const x = c.input(0)
    const dims = c.dims(x)
    const groups = groupsOf(c)
    const rows = [dims[0]! * groups, elementCount(dims.slice(1)) / groups]
    const scale = c.reshape(c.input(1), [1, dims[1]!, ...dims.slice(2).map(() => 1)])
    const [flat, flat0, cotangent] = [x, c.value(x, 'baseline'), c.emit('Mul', [g, scale])].map(value =>
      c.reshape(value, rows, dims),
    )
    return [
      c.reshape(standardised(cotangent!, flat!, flat0!, [1], stabilisedInverses(c.float('epsilon', 1e-5), c), c), dims, rows),
    ]
  })

export const instanceNormalization: RuleEntry = grouped(c => c.dims(c.input(0))[1]!)
export const groupNormalization: RuleEntry = grouped(
  c => c.int('num_groups') ?? c.unsupported('its attribute num_groups is missing'),
)

export const meanVarianceNormalization: RuleEntry = single((g, c) => {
  refuseOthers(c)
  const x = c.input(0)
  const rank = c.rank(x)
  const axes = (c.ints('axes') ?? [0, 2, 3]).map(axis => (axis < 0 ? axis + rank : axis))
  return [standardised(g, x, c.value(x, 'baseline'), axes, bareInverses(c), c)]
})

/** Each channel by its own statistics in training mode; with the statistics given it is linear in x. */
export const batchNormalization = (gradient: RuleEntry): RuleEntry => ({
  kind: 'gradient',
  rule: (cotangents, c) => {
    refuseOthers(c)
    const [g, ofMean, ofVariance] = cotangents
    if (!c.int('training_mode', 0)) return gradient.kind === 'gradient' ? gradient.rule(cotangents, c) : []
    if (ofMean || ofVariance) c.unsupported('its running mean or variance is read as an output')
    if (!g) return []
    const x = c.input(0)
    const dims = c.dims(x)
    const scaled = c.emit('Mul', [g, c.reshape(c.input(1), [1, dims[1]!, ...dims.slice(2).map(() => 1)])])
    const axes = dims.flatMap((_, axis) => (axis === 1 ? [] : [axis]))
    return [standardised(scaled, x, c.value(x, 'baseline'), axes, stabilisedInverses(c.float('epsilon', 1e-5), c), c)]
  },
})

/** Sums over windows of channels: a banded matrix of ones, from `before` channels before to `after` behind. */
function channelSums(value: string, dims: readonly number[], before: number, after: number, c: RuleContext): string {
  const channels = dims[1]!
  const rows = [dims[0]!, channels, elementCount(dims.slice(2))]
  const band = Float32Array.from({ length: channels * channels }, (_, i) => {
    const [row, column] = [Math.floor(i / channels), i % channels]
    return column >= row - before && column <= row + after ? 1 : 0
  })
  return c.reshape(c.emit('MatMul', [c.floats(band, [channels, channels]), c.reshape(value, rows, dims)]), dims, rows)
}

/**
 * y = x s with s = D^-beta and D = bias + alpha / size times a sum of squares: x and s share evenly, and s - s0 is the quotient of changes
 * (s - s0) / (D - D0) times the changes of x^2; where D hardly changes, the mean slope of D^-beta.
 */
export const localResponse: RuleEntry = single((g, c) => {
  const x = c.input(0)
  const x0 = c.value(x, 'baseline')
  const dims = c.dims(x)
  const size = c.int('size') ?? c.unsupported('its attribute size is missing')
  const [beta, factor] = [c.float('beta', 0.75), c.float('alpha', 1e-4) / size]
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]
  const times = (a: string, b: string): string => c.emit('Mul', [a, b])
  const power = (value: string, exponent: number): string => c.emit('Pow', [value, c.scalar(exponent)])
  const spreadOf = (value: string): string =>
    c.emit('Add', [
      times(channelSums(times(value, value), dims, before, after, c), c.scalar(factor)),
      c.scalar(c.float('bias', 1)),
    ])
  const [d, d0] = [spreadOf(x), spreadOf(x0)]
  const [s, s0] = [power(d, -beta), power(d0, -beta)]
  const moved = c.emit('Sub', [d, d0])
  const far = c.emit('Greater', [c.emit('Abs', [moved]), times(d, c.scalar(5e-3))])
  const middle = times(c.emit('Add', [power(d, -beta - 1), power(d0, -beta - 1)]), c.scalar(-beta / 2))
  const quotient = c.emit('Div', [c.emit('Sub', [s, s0]), c.emit('Where', [far, moved, c.scalar(1)])])
  const sum = c.emit('Add', [x, x0])
  const along = times(times(g, times(sum, c.scalar(0.5))), c.emit('Where', [far, quotient, middle]))
  const direct = times(g, times(c.emit('Add', [s, s0]), c.scalar(0.5)))
  return [c.emit('Add', [direct, times(times(sum, c.scalar(factor)), channelSums(along, dims, after, before, c))])]
})
