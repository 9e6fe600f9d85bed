/** @file Resize: one small interpolation matrix per axis. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { clamp } from './special.js'
import { around, list, normalAxis } from './strided.js'

/** One axis: how long it was and becomes, the scale, and the region of interest as fractions. */
interface Axis {
  readonly from: number
  readonly to: number
  readonly scale: number
  readonly start: number
  readonly end: number
  /** How quotients are rounded: not at all, or to float32. */
  readonly round: (x: number) => number
}

type Coordinate = (x: number, axis: Axis) => number

const halfPixel: Coordinate = (x, { scale, round }) => round((x + 0.5) / scale) - 0.5

/** Position in the input of output position x, by coordinate_transformation_mode. */
const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: halfPixel,
  half_pixel_symmetric: (x, axis) => (axis.from / 2) * (1 - axis.to / (axis.scale * axis.from)) + halfPixel(x, axis),
  pytorch_half_pixel: (x, axis) => (axis.to > 1 ? halfPixel(x, axis) : 0),
  align_corners: (x, { from, to, round }) => (to > 1 ? round((x * (from - 1)) / (to - 1)) : 0),
  asymmetric: (x, { scale, round }) => round(x / scale),
  tf_crop_and_resize: (x, { from, to, start, end }) =>
    to > 1 ? start * (from - 1) + (x * (end - start) * (from - 1)) / (to - 1) : 0.5 * (start + end) * (from - 1),
}

const nearest: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: x => Math.ceil(x - 0.5),
  round_prefer_ceil: x => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance))

/** Keys' cubic convolution kernel with coefficient a. */
export const keys =
  (a: number) =>
  (distance: number): number => {
    const d = Math.abs(distance)
    if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
    return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0
  }

interface Kernel {
  readonly weight: (distance: number) => number
  readonly radius: number
  /** Taps outside the input get weight zero and the rest are rescaled; otherwise they read the border. */
  readonly exclude: boolean
  readonly antialias: boolean
}

type Row = readonly (readonly [index: number, weight: number])[]

/** Input positions and weights for one output position. */
function taps(x: number, { from, scale }: Axis, { weight, radius, exclude, antialias }: Kernel): Row {
  const squeeze = antialias ? Math.min(scale, 1) : 1
  const reach = radius / squeeze
  const row: [number, number][] = []
  for (let at = Math.floor(x - reach) + 1; at < x + reach; at++) {
    const inside = at >= 0 && at < from
    const w = weight((at - x) * squeeze)
    if (inside || !exclude) row.push([clamp(at, 0, from - 1), w])
  }
  const sum = row.reduce((total, [, w]) => total + w, 0)
  return row.map(([at, w]) => [at, w / sum])
}

function kernelOf(node: Node): Kernel | undefined {
  const antialias = attribute(node, 'antialias', 'int', 0) !== 0
  const exclude = attribute(node, 'exclude_outside', 'int', 0) !== 0
  const kernels: Readonly<Record<string, Kernel>> = {
    linear: { weight: triangle, radius: 1, exclude, antialias },
    cubic: { weight: keys(attribute(node, 'cubic_coeff_a', 'float', -0.75)), radius: 2, exclude, antialias },
  }
  return kernels[attribute(node, 'mode', 'string', 'nearest')]
}

/** Applies one row of taps per output position along an axis; an undefined row is filled with `value`. */
function applyRows(x: NdArray, axis: number, rows: readonly (Row | undefined)[], value: number): NdArray {
  const [outer, length, inner] = around(x.dims, axis)
  const data = new Float64Array(outer * rows.length * inner)
  for (let i = 0; i < outer; i++)
    rows.forEach((row, o) => {
      const to = (i * rows.length + o) * inner
      if (!row) data.fill(value, to, to + inner)
      for (const [at, weight] of row ?? [])
        for (let j = 0, from = (i * length + at) * inner; j < inner; j++) data[to + j]! += weight * x.data[from + j]!
    })
  return { dtype: x.dtype, dims: x.dims.map((dim, d) => (d === axis ? rows.length : dim)), data }
}

/** Scale and length of each axis in `axes`, from the scales or the sizes input. */
function axisScales(
  x: NdArray,
  axes: readonly number[],
  scales: NdArray | undefined,
  sizes: NdArray | undefined,
  policy: string,
) {
  const from = axes.map(axis => x.dims[axis]!)
  if (scales?.data.length)
    return from.map((dim, i) => ({ scale: scales.data[i]!, to: Math.floor(Math.fround(dim * scales.data[i]!)) }))
  const wanted = list(sizes!)
  const ratios = wanted.map((size, i) => size / from[i]!)
  if (policy === 'stretch') return wanted.map((to, i) => ({ scale: ratios[i]!, to }))
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return from.map(dim => ({ scale, to: Math.round(scale * dim) }))
}

const resize: OperatorEvaluation = ([x, roi, scales, sizes], { node }) => {
  const rank = x!.dims.length
  const axes = attribute(node, 'axes', 'ints')?.map(axis => normalAxis(axis, rank)) ?? x!.dims.map((_, axis) => axis)
  const mode = attribute(node, 'coordinate_transformation_mode', 'string', 'half_pixel')
  const pick = nearest[attribute(node, 'nearest_mode', 'string', 'round_prefer_floor')]!
  const kernel = kernelOf(node)
  const lengths = axisScales(x!, axes, scales, sizes, attribute(node, 'keep_aspect_ratio_policy', 'string', 'stretch'))
  const fill = attribute(node, 'extrapolation_value', 'float', 0)
  // Which pixel is nearest must come out as it does in ONNX Runtime, which computes coordinates in float32.
  const round = kernel ? (v: number): number => v : Math.fround
  return [
    axes.reduce((array, d, i) => {
      const axis: Axis = {
        from: x!.dims[d]!,
        to: lengths[i]!.to,
        scale: round(lengths[i]!.scale),
        round,
        start: roi?.data[i] ?? 0,
        end: roi?.data[i + axes.length] ?? 1,
      }
      if (elementCount(x!.dims) === 0 || (axis.to === axis.from && axis.scale === 1 && mode !== 'tf_crop_and_resize'))
        return array
      const rows = Array.from({ length: axis.to }, (_, o): Row | undefined => {
        const at = coordinates[mode]!(o, axis)
        if (mode === 'tf_crop_and_resize' && (at < 0 || at > axis.from - 1)) return undefined
        return kernel ? taps(at, axis, kernel) : [[clamp(pick(round(at)), 0, axis.from - 1), 1]]
      })
      return applyRows(array, d, rows, fill)
    }, x!),
  ]
}

export const resizing: OperatorEvaluations = { Resize: resize }
