/** @file Gradients of operators that read pictures at computed positions. */
import { recomputed } from '../recompute.js'
import { type RuleTable, single } from '../rule.js'
import { product, replaced } from './blocks.js'
import { component, kernels, type Sampling, sampled } from './sampler.js'

const gridSample = recomputed(c => {
  const [batch, channels, ...size] = c.dims(c.input(0)) as [number, number, ...number[]]
  const out = c.dims(c.output(0))
  const points = product(out.slice(2))
  const alignCorners = c.int('align_corners', 0) !== 0
  const mode = c.string('mode', 'linear')
  const of: Sampling = {
    kernel: kernels[mode] ?? c.unsupported(`its mode "${mode}" is not known`),
    padding: c.string('padding_mode', 'zeros'),
    alignCorners,
  }
  // The grid names the fastest axis first, and -1 to 1 spans centres or outer edges.
  const positions = size.map((length, axis) => {
    const at = component(c.input(1), out.length, size.length - 1 - axis, [batch, points], c)
    const scaled = c.emit('Mul', [at, c.scalar((alignCorners ? length - 1 : length) / 2)])
    return c.emit('Add', [scaled, c.scalar((length - 1) / 2)])
  })
  return [c.reshape(sampled(c.input(0), [batch, channels, ...size], positions, points, of, c), out)]
}, 'with respect to the picture and the grid')

/** The grid is linear in theta: positions (x, y[, z], 1) of the output's pixels, [pixels, d + 1]. */
const affineGrid = single((g, c) => {
  const dims = c.dims(c.output(0))
  const [batch, ...spatial] = dims.slice(0, -1) as [number, ...number[]]
  const align = c.int('align_corners', 0) !== 0
  const count = product(spatial)
  const positions = spatial.map((length, axis) => {
    const step = product(spatial.slice(axis + 1))
    const at = (i: number): number => (align ? (length > 1 ? (2 * i) / (length - 1) - 1 : 0) : (2 * i + 1) / length - 1)
    return (pixel: number): number => at(Math.floor(pixel / step) % length)
  })
  const rows = Array.from({ length: count }, (_, pixel) => [...positions.map(position => position(pixel)).reverse(), 1]).flat()
  const flat = c.reshape(g, [batch, count, spatial.length])
  const turned = c.emit('Transpose', [flat], { perm: [0, 2, 1] })
  return [c.emit('MatMul', [turned, c.floats(rows, [count, spatial.length + 1])])]
})

/** Where each element of the input went: indices are positions in the flattened output. */
const maxUnpool = single((g, c) => {
  const flat = c.reshape(g, [product(c.dims(c.output(0)))])
  return [c.emit('Gather', [flat, c.input(1)], { axis: 0 })]
})

/** The patches of the cotangent: the operator adds overlapping patches, so each patch entry gets what its pixel got. */
const col2Im = single((g, c) => {
  const image = c.numbers(1)!
  const block = c.numbers(2)!
  const rank = image.length
  const ones = image.map(() => 1)
  const strides = c.ints('strides') ?? ones
  const dilations = c.ints('dilations') ?? ones
  const pads = c.ints('pads') ?? [...image, ...image].map(() => 0)
  const [batch, channels] = c.dims(c.output(0)) as [number, number]
  const edges = [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]
  let value = pads.some(pad => pad !== 0) ? c.emit('Pad', [g, c.ints64(edges)]) : g
  let dims = [batch, channels, ...image.map((size, i) => size + pads[i]! + pads[i + rank]!)]
  const counts = image.map((_, i) => {
    const span = dilations[i]! * (block[i]! - 1) + 1
    return Math.floor((dims[2 + i]! - span) / strides[i]!) + 1
  })
  image.forEach((_, i) => {
    const axis = 2 + i
    const positions = Array.from(
      { length: block[i]! * counts[i]! },
      (_, k) => Math.floor(k / counts[i]!) * dilations[i]! + (k % counts[i]!) * strides[i]!,
    )
    value = c.emit('Gather', [value, c.ints64(positions)], { axis })
    dims = replaced(dims, axis, positions.length)
  })
  const split = c.reshape(value, [batch, channels, ...image.flatMap((_, i) => [block[i]!, counts[i]!])])
  const inner = image.map((_, i) => 2 + 2 * i)
  const turned = c.emit('Transpose', [split], { perm: [0, 1, ...inner, ...inner.map(axis => axis + 1)] })
  return [c.reshape(turned, c.dims(c.input(0)))]
})

const deformConv = recomputed(c => {
  const [batch, channels, height, width] = c.dims(c.input(0)) as [number, number, number, number]
  const [maps, perGroup, kh, kw] = c.dims(c.input(1)) as [number, number, number, number]
  const [, , oh, ow] = c.dims(c.output(0)) as [number, number, number, number]
  if (c.rank(c.input(0)) !== 4) return c.unsupported('only pictures (two spatial axes) are supported')
  const group = c.int('group', 1)
  const fields = c.int('offset_group', 1)
  const [sh, sw] = c.ints('strides') ?? [1, 1]
  const [dh, dw] = c.ints('dilations') ?? [1, 1]
  const [top, left] = c.ints('pads') ?? [0, 0]
  const taps = kh * kw
  const points = taps * oh * ow
  const place = (f: (tap: number, row: number, column: number) => number): string =>
    c.floats(
      Array.from({ length: points }, (_, i) => f(Math.floor(i / (oh * ow)), Math.floor(i / ow) % oh, i % ow)),
      [1, points],
    )
  const regular = [
    place((tap, row) => row * sh! - top! + Math.floor(tap / kw) * dh!),
    place((tap, _, column) => column * sw! - left! + (tap % kw) * dw!),
  ]
  // Offsets come as (y, x) pairs for each kernel position.
  const offsets = c.reshape(c.input(2), [batch * fields, taps, 2, oh * ow])
  const positions = regular.map((base, i) => {
    const own = c.emit('Slice', [offsets, c.ints64([i]), c.ints64([i + 1]), c.ints64([2])])
    return c.emit('Add', [c.reshape(own, [batch * fields, points]), base])
  })
  const dims = [batch * fields, channels / fields, height, width]
  const of: Sampling = { kernel: kernels['linear']!, padding: 'zeros', alignCorners: true }
  let columns = sampled(c.reshape(c.input(0), dims), dims, positions, points, of, c)
  if (c.has(4)) columns = c.emit('Mul', [columns, c.reshape(c.input(4), [batch * fields, 1, points])])
  const patches = c.reshape(columns, [batch, group, perGroup * taps, oh * ow])
  const weights = c.reshape(c.input(1), [1, group, maps / group, perGroup * taps])
  const sum = c.reshape(c.emit('MatMul', [weights, patches]), [batch, maps, oh, ow])
  return [c.has(3) ? c.emit('Add', [sum, c.reshape(c.input(3), [1, maps, 1, 1])]) : sum]
})

export const sampling: RuleTable = {
  GridSample: gridSample,
  AffineGrid: affineGrid,
  MaxUnpool: maxUnpool,
  Col2Im: col2Im,
  DeformConv: deformConv,
}
