/** @file Regions of interest and boxes. */
import { attribute } from '../attributes.js'
import { ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { clamp } from './special.js'

/** Bilinear value in a plane; beyond one pixel outside it is zero, nearer the border counts. */
function bilinear(plane: Float64Array, height: number, width: number, y: number, x: number): readonly number[] {
  if (y < -1 || y > height || x < -1 || x > width) return [0]
  const [row, column] = [clamp(y, 0, height - 1), clamp(x, 0, width - 1)]
  const [top, left] = [Math.floor(row), Math.floor(column)]
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)]
  const [dy, dx] = [row - top, column - left]
  const at = (r: number, c: number): number => plane[r * width + c]!
  return [
    (1 - dy) * (1 - dx) * at(top, left),
    (1 - dy) * dx * at(top, right),
    dy * (1 - dx) * at(bottom, left),
    dy * dx * at(bottom, right),
  ]
}

/** In 'max' mode ONNX Runtime takes the largest weighted corner, not the largest interpolated value; so does this, up to opset 21. */
const roiAlign: OperatorEvaluation = ([x, rois, batches], { node }) => {
  const average = attribute(node, 'mode', 'string', 'avg') === 'avg'
  const scale = attribute(node, 'spatial_scale', 'float', 1)
  const ratio = attribute(node, 'sampling_ratio', 'int', 0)
  const half = attribute(node, 'coordinate_transformation_mode', 'string', 'half_pixel') === 'half_pixel'
  const rows = attribute(node, 'output_height', 'int', 1)
  const columns = attribute(node, 'output_width', 'int', 1)
  const [, c, height, width] = x!.dims as [number, number, number, number]
  const count = rois!.dims[0]!
  const data = new Float64Array(count * c * rows * columns)
  for (let i = 0; i < data.length; i++) {
    const box = Math.floor(i / (c * rows * columns))
    const channel = Math.floor(i / (rows * columns)) % c
    const [left, top, right, bottom] = Array.from(
      rois!.data.subarray(box * 4, box * 4 + 4),
      v => v * scale - (half ? 0.5 : 0),
    ) as [number, number, number, number]
    const least = half ? Number.NEGATIVE_INFINITY : 1
    const binHeight = Math.max(bottom - top, least) / rows
    const binWidth = Math.max(right - left, least) / columns
    const down = ratio > 0 ? ratio : Math.ceil(binHeight)
    const across = ratio > 0 ? ratio : Math.ceil(binWidth)
    const base = (batches!.data[box]! * c + channel) * height * width
    const plane = x!.data.subarray(base, base + height * width)
    let sum = 0
    let top1 = Number.NEGATIVE_INFINITY
    for (let r = 0; r < down; r++)
      for (let s = 0; s < across; s++) {
        const y = top + (Math.floor(i / columns) % rows) * binHeight + ((r + 0.5) * binHeight) / down
        const corners = bilinear(plane, height, width, y, left + (i % columns) * binWidth + ((s + 0.5) * binWidth) / across)
        sum += corners.reduce((a, b) => a + b, 0)
        top1 = Math.max(top1, ...corners)
      }
    data[i] = average ? sum / Math.max(down * across, 1) : top1
  }
  return [{ dtype: x!.dtype, dims: [count, c, rows, columns], data }]
}

const maxRoiPool: OperatorEvaluation = ([x, rois], { node }) => {
  const [rows, columns] = attribute(node, 'pooled_shape', 'ints') as readonly [number, number]
  const scale = attribute(node, 'spatial_scale', 'float', 1)
  const [, c, height, width] = x!.dims as [number, number, number, number]
  const count = rois!.dims[0]!
  const data = new Float64Array(count * c * rows * columns)
  for (let i = 0; i < data.length; i++) {
    const box = Math.floor(i / (c * rows * columns))
    const channel = Math.floor(i / (rows * columns)) % c
    const [batch, ...corners] = Array.from(rois!.data.subarray(box * 5, box * 5 + 5))
    const [left, top, right, bottom] = corners.map(v => Math.round(v * scale)) as [number, number, number, number]
    const binHeight = Math.max(bottom - top + 1, 1) / rows
    const binWidth = Math.max(right - left + 1, 1) / columns
    const [row, column] = [Math.floor(i / columns) % rows, i % columns]
    const y1 = clamp(Math.ceil((row + 1) * binHeight) + top, 0, height)
    const x1 = clamp(Math.ceil((column + 1) * binWidth) + left, 0, width)
    let best = Number.NEGATIVE_INFINITY
    for (let y = clamp(Math.floor(row * binHeight) + top, 0, height); y < y1; y++)
      for (let z = clamp(Math.floor(column * binWidth) + left, 0, width); z < x1; z++)
        best = Math.max(best, x!.data[((batch! * c + channel) * height + y) * width + z]!)
    data[i] = best === Number.NEGATIVE_INFINITY ? 0 : best
  }
  return [{ dtype: x!.dtype, dims: [count, c, rows, columns], data }]
}

/** Area of overlap over area of union; boxes are [y1, x1, y2, x2] with corners in any order. */
function overlap(a: readonly number[], b: readonly number[]): number {
  const area = ([y1, x1, y2, x2]: readonly number[]): number => (y2! - y1!) * (x2! - x1!)
  const height = Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!)
  const width = Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!)
  const both = Math.max(0, height) * Math.max(0, width)
  return both / (area(a) + area(b) - both) || 0
}

/** Corners, lowest first, from corners or from centre and size. */
function corners([a, b, c, d]: readonly number[], centred: boolean): number[] {
  if (centred) return [b! - d! / 2, a! - c! / 2, b! + d! / 2, a! + c! / 2]
  return [Math.min(a!, c!), Math.min(b!, d!), Math.max(a!, c!), Math.max(b!, d!)]
}

const nonMaxSuppression: OperatorEvaluation = ([boxes, scores, most, iou, least], { node }) => {
  const centred = attribute(node, 'center_point_box', 'int', 0) !== 0
  const [batches, classes, count] = scores!.dims as [number, number, number]
  const limit = most?.data[0] ?? 0
  const selected: number[] = []
  for (let batch = 0; batch < batches; batch++)
    for (let label = 0; label < classes; label++) {
      const score = (box: number): number => scores!.data[(batch * classes + label) * count + box]!
      const corner = (box: number): number[] => {
        const at = (batch * count + box) * 4
        return corners(Array.from(boxes!.data.subarray(at, at + 4)), centred)
      }
      const candidates = Array.from({ length: count }, (_, box) => box)
        .filter(box => !least?.data.length || score(box) > least.data[0]!)
        .sort((a, b) => score(b) - score(a) || a - b)
      const kept: number[] = []
      for (const box of candidates) {
        if (kept.length >= limit) break
        if (kept.some(other => overlap(corner(other), corner(box)) > (iou?.data[0] ?? 0))) continue
        kept.push(box)
        selected.push(batch, label, box)
      }
    }
  return [ndarray([selected.length / 3, 3], selected, 'int64')]
}

export const regions: OperatorEvaluations = { RoiAlign: roiAlign, MaxRoiPool: maxRoiPool, NonMaxSuppression: nonMaxSuppression }
