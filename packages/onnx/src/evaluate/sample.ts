/** @file Sampling at computed positions. */
import { attribute } from '../attributes.js'
import { elementCount } from '../tensor.js'
import { ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { keys } from './resize.js'
import { clamp, roundEven } from './special.js'
import { list, rowStrides } from './strided.js'

/** Folds a coordinate back and forth between two borders. */
function reflect(x: number, low: number, high: number): number {
  const range = high - low
  if (range <= 0) return low
  const rest = Math.abs(x - low) % (2 * range)
  return low + Math.min(rest, 2 * range - rest)
}

type Taps = readonly (readonly [index: number, weight: number])[]

const cubicWeight = keys(-0.75)

const interpolations: Readonly<Record<string, (x: number) => Taps>> = {
  nearest: x => [[roundEven(x), 1]],
  linear: x => [
    [Math.floor(x), 1 - (x - Math.floor(x))],
    [Math.floor(x) + 1, x - Math.floor(x)],
  ],
  cubic: x => [-1, 0, 1, 2].map(step => [Math.floor(x) + step, cubicWeight(Math.floor(x) + step - x)] as const),
}

/** y[n, c, ...o] = x[n, c] at grid[n, ...o], whose last axis holds (x, y[, z]) in [-1, 1], the fastest spatial axis first. */
const gridSample: OperatorEvaluation = ([x, grid], { node }) => {
  const interpolate = interpolations[attribute(node, 'mode', 'string', 'linear')]!
  const mode = attribute(node, 'padding_mode', 'string', 'zeros')
  const align = attribute(node, 'align_corners', 'int', 0) !== 0
  const [n, c] = x!.dims as [number, number]
  const spatial = x!.dims.slice(2)
  const out = grid!.dims.slice(1, -1)
  const strides = rowStrides(spatial)
  const outputs = elementCount(out)
  const plane = elementCount(spatial)
  const data = new Float64Array(n * c * outputs)
  const fold = (at: number, length: number): number => {
    if (mode === 'border') return clamp(at, 0, length - 1)
    if (mode === 'reflection') return align ? reflect(at, 0, length - 1) : reflect(at, -0.5, length - 0.5)
    return at
  }
  for (let i = 0; i < n; i++)
    for (let o = 0; o < outputs; o++) {
      let taps: Taps = [[0, 1]]
      spatial.forEach((length, axis) => {
        const g = grid!.data[(i * outputs + o) * spatial.length + spatial.length - 1 - axis]!
        const at = align ? ((g + 1) / 2) * (length - 1) : ((g + 1) * length - 1) / 2
        const own = interpolate(at).flatMap(([index, weight]): Taps => {
          const folded = Math.round(fold(index, length))
          return folded >= 0 && folded < length ? [[folded * strides[axis]!, weight]] : []
        })
        taps = taps.flatMap(([base, weight]) => own.map(([offset, w]) => [base + offset, weight * w] as const))
      })
      for (let channel = 0; channel < c; channel++) {
        const base = (i * c + channel) * plane
        data[(i * c + channel) * outputs + o] = taps.reduce((sum, [at, weight]) => sum + weight * x!.data[base + at]!, 0)
      }
    }
  return [{ dtype: x!.dtype, dims: [n, c, ...out], data }]
}

/** Sampling grid of an affine map: theta [n, d, d + 1] times (x, y[, z], 1) over the output's positions in [-1, 1]. */
const affineGrid: OperatorEvaluation = ([theta, size], { node }) => {
  const align = attribute(node, 'align_corners', 'int', 0) !== 0
  const [n, , ...spatial] = list(size!) as [number, number, ...number[]]
  const rank = spatial.length
  const strides = rowStrides(spatial)
  const count = elementCount(spatial)
  const data = new Float64Array(n * count * rank)
  for (let i = 0; i < n; i++)
    for (let o = 0; o < count; o++) {
      const point = spatial.map((length, axis) => {
        const at = Math.floor(o / strides[axis]!) % length
        return align ? (length > 1 ? (2 * at) / (length - 1) - 1 : 0) : (2 * at + 1) / length - 1
      })
      point.reverse()
      for (let row = 0; row < rank; row++) {
        const base = (i * rank + row) * (rank + 1)
        data[(i * count + o) * rank + row] = point.reduce(
          (sum, p, k) => sum + p * theta!.data[base + k]!,
          theta!.data[base + rank]!,
        )
      }
    }
  return [ndarray([n, ...spatial, rank], data, theta!.dtype)]
}

export const sampling: OperatorEvaluations = { GridSample: gridSample, AffineGrid: affineGrid }
