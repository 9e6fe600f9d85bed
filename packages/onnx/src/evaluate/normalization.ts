/** @file Normalisation layers. */
import { attribute } from '../attributes.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { mean, reduce, total, variance } from './reduce.js'
import { mapLines } from './softmax.js'
import { map, map2, normalAxis, reshaped } from './strided.js'

/** A per-channel vector shaped to broadcast over [n, c, ...]. */
const channels = (vector: NdArray, rank: number): NdArray =>
  reshaped(vector, [vector.data.length, ...new Array(rank - 2).fill(1)])

const times = (x: NdArray, y: NdArray): NdArray => map2(x, y, (a, b) => a * b)
const plus = (x: NdArray, y: NdArray): NdArray => map2(x, y, (a, b) => a + b)

/** (x - mean) / sqrt(var + epsilon) over the axes, with the mean and 1 / sqrt(var + epsilon). */
function standardise(x: NdArray, axes: readonly number[], epsilon: number): { y: NdArray; centre: NdArray; inverse: NdArray } {
  const centre = reduce(x, axes, true, mean)
  const inverse = map(reduce(x, axes, true, variance), v => 1 / Math.sqrt(v + epsilon))
  return {
    y: times(
      map2(x, centre, (a, b) => a - b),
      inverse,
    ),
    centre,
    inverse,
  }
}

/** y = scale x / sqrt(mean(x^2) + epsilon) over the last axes, with the reciprocal root. */
export function rmsNorm(x: NdArray, scale: NdArray, axis: number, epsilon: number): { y: NdArray; inverse: NdArray } {
  const axes = x.dims.map((_, i) => i).slice(normalAxis(axis, x.dims.length))
  const inverse = map(
    reduce(
      map(x, v => v * v),
      axes,
      true,
      mean,
    ),
    v => 1 / Math.sqrt(v + epsilon),
  )
  return { y: times(times(x, inverse), scale), inverse }
}

/** Standardises over the axes from `axis` on, then scales and shifts: LayerNormalization's three outputs. */
export function layerNorm(x: NdArray, scale: NdArray, bias: NdArray | undefined, axis: number, epsilon: number): NdArray[] {
  const axes = x.dims.map((_, i) => i).slice(normalAxis(axis, x.dims.length))
  const { y, centre, inverse } = standardise(x, axes, epsilon)
  const scaled = times(y, scale)
  return [bias ? plus(scaled, bias) : scaled, centre, inverse]
}

const batchNormalization: OperatorEvaluation = ([x, scale, bias, mean0, var0], { node }) => {
  const epsilon = attribute(node, 'epsilon', 'float', 1e-5)
  const rank = x!.dims.length
  const affine = (centre: NdArray, spread: NdArray): NdArray => {
    const factor = map2(scale!, spread, (s, v) => s / Math.sqrt(v + epsilon))
    const shift = map2(bias!, times(factor, centre), (b, c) => b - c)
    return plus(times(x!, channels(factor, rank)), channels(shift, rank))
  }
  if (!attribute(node, 'training_mode', 'int', 0)) return [affine(mean0!, var0!)]
  const momentum = attribute(node, 'momentum', 'float', 0.9)
  const axes = x!.dims.map((_, axis) => axis).filter(axis => axis !== 1)
  const batchMean = reduce(x!, axes, false, mean)
  const batchVar = reduce(x!, axes, false, variance)
  const running = (old: NdArray, now: NdArray): NdArray => map2(old, now, (a, b) => a * momentum + b * (1 - momentum))
  return [affine(batchMean, batchVar), running(mean0!, batchMean), running(var0!, batchVar)]
}

const lrn: OperatorEvaluation = ([x], { node }) => {
  const size = attribute(node, 'size', 'int', 1)
  const alpha = attribute(node, 'alpha', 'float', 1e-4)
  const beta = attribute(node, 'beta', 'float', 0.75)
  const bias = attribute(node, 'bias', 'float', 1)
  const before = Math.floor((size - 1) / 2)
  const after = Math.ceil((size - 1) / 2)
  return [
    mapLines(x!, 1, line =>
      line.map((value, c) => {
        let sum = 0
        for (let i = Math.max(0, c - before); i <= Math.min(line.length - 1, c + after); i++) sum += line[i]! ** 2
        return value / (bias + (alpha / size) * sum) ** beta
      }),
    ),
  ]
}

export const normalizations: OperatorEvaluations = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: ([x, scale, bias], { node }) => {
    const rank = x!.dims.length
    const axes = x!.dims.map((_, axis) => axis).slice(2)
    const { y } = standardise(x!, axes, attribute(node, 'epsilon', 'float', 1e-5))
    return [plus(times(y, channels(scale!, rank)), channels(bias!, rank))]
  },
  GroupNormalization: ([x, scale, bias], { node }) => {
    const groups = attribute(node, 'num_groups', 'int', 1)
    const rank = x!.dims.length
    const grouped = reshaped(x!, [x!.dims[0]!, groups, elementCount(x!.dims.slice(1)) / groups])
    const { y } = standardise(grouped, [2], attribute(node, 'epsilon', 'float', 1e-5))
    return [plus(times(reshaped(y, x!.dims), channels(scale!, rank)), channels(bias!, rank))]
  },
  LayerNormalization: ([x, scale, bias], { node }) =>
    layerNorm(x!, scale!, bias, attribute(node, 'axis', 'int', -1), attribute(node, 'epsilon', 'float', 1e-5)),
  RMSNormalization: ([x, scale], { node }) => [
    rmsNorm(x!, scale!, attribute(node, 'axis', 'int', -1), attribute(node, 'epsilon', 'float', 1e-5)).y,
  ],
  MeanVarianceNormalization: ([x], { node }) => [standardise(x!, attribute(node, 'axes', 'ints') ?? [0, 2, 3], 0).y],
  LpNormalization: ([x], { node }) => {
    const p = attribute(node, 'p', 'int', 2)
    return [
      mapLines(x!, attribute(node, 'axis', 'int', -1), line => {
        const norm = total(line.map(v => Math.abs(v) ** p)) ** (1 / p)
        return norm === 0 ? line.map(() => 0) : line.map(v => v / norm)
      }),
    ]
  },
  LRN: lrn,
}
