/** @file Convolution, its transpose, and their relatives. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { list } from './strided.js'
import { geometryOf, type WindowGeometry, windowsOf, windowTable } from './windows.js'

/** y[n, m, o] = bias[m] + sum over c, k of w[m, c, k] x[n, group c, window(k, o)], any number of spatial axes. */
export function convolve(x: NdArray, w: NdArray, bias: NdArray | undefined, node: Node): NdArray {
  const groups = attribute(node, 'group', 'int', 1)
  const [n, c] = x.dims as [number, number]
  const [m, perGroup] = w.dims as [number, number]
  const spatial = x.dims.slice(2)
  const { out, table } = windowsOf(node, spatial, w.dims.slice(2))
  const outputs = elementCount(out)
  const inputs = elementCount(spatial)
  const taps = elementCount(w.dims.slice(2))
  const dims = [n, m, ...out]
  const data = new Float64Array(elementCount(dims))
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < m; channel++) {
      const y = data.subarray((image * m + channel) * outputs, (image * m + channel + 1) * outputs)
      y.fill(bias?.data[channel] ?? 0)
      const first = image * c + Math.floor(channel / (m / groups)) * perGroup
      for (let i = 0; i < perGroup; i++)
        for (let k = 0; k < taps; k++) {
          const weight = w.data[(channel * perGroup + i) * taps + k]!
          const base = (first + i) * inputs
          for (let o = 0; o < outputs; o++) {
            const at = table[k * outputs + o]!
            if (at >= 0) y[o]! += weight * x.data[base + at]!
          }
        }
    }
  return { dtype: x.dtype, dims, data }
}

/** Output dims and geometry of a transposed convolution: its windows slide over the output. */
function transposeGeometry(node: Node, spatial: readonly number[], kernel: readonly number[]): [number[], WindowGeometry] {
  const plain = geometryOf(node, spatial, kernel)
  const { strides, dilations } = plain
  const extra = attribute(node, 'output_padding', 'ints') ?? kernel.map(() => 0)
  const wanted = attribute(node, 'output_shape', 'ints')?.slice(-kernel.length)
  const auto = attribute(node, 'auto_pad', 'string', 'NOTSET')
  const full = spatial.map((dim, axis) => strides[axis]! * (dim - 1) + extra[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1)
  if (!wanted && !auto.startsWith('SAME'))
    return [full.map((size, axis) => size - plain.before[axis]! - plain.after[axis]!), plain]
  const out = wanted ?? spatial.map((dim, axis) => dim * strides[axis]!)
  const total = full.map((size, axis) => Math.max(0, size - out[axis]!))
  const small = total.map(sum => Math.floor(sum / 2))
  const large = total.map((sum, axis) => sum - small[axis]!)
  const upper = auto === 'SAME_UPPER'
  return [[...out], { ...plain, before: upper ? small : large, after: upper ? large : small }]
}

const convTranspose: OperatorEvaluation = ([x, w, bias], { node }) => {
  const groups = attribute(node, 'group', 'int', 1)
  const [n, c] = x!.dims as [number, number]
  const perGroup = w!.dims[1]!
  const m = perGroup * groups
  const kernel = w!.dims.slice(2)
  const [out, geometry] = transposeGeometry(node, x!.dims.slice(2), kernel)
  const inputs = elementCount(x!.dims.slice(2))
  const outputs = elementCount(out)
  const taps = elementCount(kernel)
  const table = windowTable(out, x!.dims.slice(2), geometry)
  const data = new Float64Array(n * m * outputs)
  if (bias) for (let i = 0; i < data.length; i++) data[i] = bias.data[Math.floor(i / outputs) % m]!
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < c; channel++) {
      const group = Math.floor(channel / (c / groups))
      for (let j = 0; j < perGroup; j++)
        for (let k = 0; k < taps; k++) {
          const weight = w!.data[(channel * perGroup + j) * taps + k]!
          const to = (image * m + group * perGroup + j) * outputs
          const from = (image * c + channel) * inputs
          for (let i = 0; i < inputs; i++) {
            const at = table[k * inputs + i]!
            if (at >= 0) data[to + at]! += weight * x!.data[from + i]!
          }
        }
    }
  return [{ dtype: x!.dtype, dims: [n, m, ...out], data }]
}

/** Sums the columns [n, c * taps, blocks] into the image positions they were taken from. */
const columnsToImage: OperatorEvaluation = ([columns, image, block], { node }) => {
  const spatial = list(image!)
  const kernel = list(block!)
  const { table, out } = windowsOf(node, spatial, kernel)
  const blocks = elementCount(out)
  const taps = elementCount(kernel)
  const [n, rows] = columns!.dims as [number, number]
  const channels = rows / taps
  const size = elementCount(spatial)
  const data = new Float64Array(n * channels * size)
  columns!.data.forEach((value, i) => {
    const at = table[(Math.floor(i / blocks) % taps) * blocks + (i % blocks)]!
    if (at >= 0) data[Math.floor(i / (blocks * taps)) * size + at]! += value
  })
  return [{ dtype: columns!.dtype, dims: [n, channels, ...spatial], data }]
}

/** Conv whose window elements are moved by `offset` (bilinear, zero outside) and scaled by `mask`. Two spatial axes. */
const deformConv: OperatorEvaluation = ([x, w, offset, bias, mask], { node }) => {
  const groups = attribute(node, 'group', 'int', 1)
  const offsetGroups = attribute(node, 'offset_group', 'int', 1)
  const [n, c, height, width] = x!.dims as [number, number, number, number]
  const [m, perGroup, kh, kw] = w!.dims as [number, number, number, number]
  const { strides, dilations, before } = geometryOf(node, [height, width], [kh, kw])
  const [oh, ow] = offset!.dims.slice(2) as [number, number]
  const taps = kh * kw
  const outputs = oh * ow
  const data = new Float64Array(n * m * outputs)
  const pixel = (plane: number, row: number, column: number): number =>
    row < 0 || column < 0 || row >= height || column >= width ? 0 : x!.data[plane * height * width + row * width + column]!
  const sample = (plane: number, row: number, column: number): number => {
    const top = Math.floor(row)
    const left = Math.floor(column)
    const dy = row - top
    const dx = column - left
    return (
      (1 - dy) * ((1 - dx) * pixel(plane, top, left) + dx * pixel(plane, top, left + 1)) +
      dy * ((1 - dx) * pixel(plane, top + 1, left) + dx * pixel(plane, top + 1, left + 1))
    )
  }
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < m; channel++)
      for (let o = 0; o < outputs; o++) {
        let sum = bias?.data[channel] ?? 0
        for (let i = 0; i < perGroup; i++) {
          const source = Math.floor(channel / (m / groups)) * perGroup + i
          const group = image * offsetGroups + Math.floor(source / (c / offsetGroups))
          for (let k = 0; k < taps; k++) {
            const shift = (group * taps + k) * 2 * outputs + o
            const row = Math.floor(o / ow) * strides[0]! - before[0]! + Math.floor(k / kw) * dilations[0]! + offset!.data[shift]!
            const column = (o % ow) * strides[1]! - before[1]! + (k % kw) * dilations[1]! + offset!.data[shift + outputs]!
            const gate = mask?.data[(group * taps + k) * outputs + o] ?? 1
            sum += gate * w!.data[(channel * perGroup + i) * taps + k]! * sample(image * c + source, row, column)
          }
        }
        data[(image * m + channel) * outputs + o] = sum
      }
  return [{ dtype: x!.dtype, dims: [n, m, oh, ow], data }]
}

export const convolutions: OperatorEvaluations = {
  Conv: ([x, w, bias], { node }) => [convolve(x!, w!, bias, node)],
  ConvTranspose: convTranspose,
  DeformConv: deformConv,
  Col2Im: columnsToImage,
}
