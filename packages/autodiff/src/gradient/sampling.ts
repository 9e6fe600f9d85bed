/** @file Gradients of operators that read pictures at computed positions. */
import { recomputed } from '../recompute.js'
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { product, replaced } from './blocks.js'
import { kernels, type Sampling, sampled } from './sampler.js'

/** Entry `index` of the last axis, which has `size` entries, as [batch, points]. */
const component = (value: string, rank: number, index: number, dims: readonly number[], c: RuleContext): string =>
  c.reshape(c.emit('Slice', [value, c.ints64([index]), c.ints64([index + 1]), c.ints64([rank - 1])]), dims)

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

/**
 * The share of each pixel along one axis in each bin, [boxes, bins, size]: the mean over the bin's samples of a triangle around each
 * sample. Bilinear sampling and averaging are separable, so two of these and two products are the whole operator.
 */
function binWeights(
  c: RuleContext,
  box: { readonly low: string; readonly length: string; readonly count: number },
  bins: number,
  samples: number,
  size: number,
): string {
  const fractions = Array.from(
    { length: bins * samples },
    (_, i) => (Math.floor(i / samples) + ((i % samples) + 0.5) / samples) / bins,
  )
  const at = c.emit('Add', [box.low, c.emit('Mul', [box.length, c.floats(fractions, [1, fractions.length])])])
  const inside = c.emit('And', [c.emit('GreaterOrEqual', [at, c.scalar(-1)]), c.emit('LessOrEqual', [at, c.scalar(size)])])
  const clipped = c.emit('Clip', [at, c.scalar(0), c.scalar(size - 1)])
  const column = (value: string): string => c.emit('Unsqueeze', [value, c.ints64([2])])
  const pixels = c.floats(
    Array.from({ length: size }, (_, i) => i),
    [1, 1, size],
  )
  const distance = c.emit('Abs', [c.emit('Sub', [column(clipped), pixels])])
  const weight = c.emit('Relu', [c.emit('Sub', [c.scalar(1), distance])])
  const kept = c.emit('Mul', [weight, c.emit('Cast', [column(inside)], { to: 1 })])
  const grouped = c.reshape(kept, [box.count, bins, samples, size])
  return c.emit('Mul', [c.emit('ReduceSum', [grouped, c.ints64([2])], { keepdims: 0 }), c.scalar(1 / samples)])
}

/** Rows of the picture batch that boxes lie in; a batch of one needs no copy per box. */
const picturesOf = (c: RuleContext, batches: string, batch: number): string =>
  batch === 1 ? c.input(0) : c.emit('Gather', [c.input(0), batches], { axis: 0 })

const roiAlign = recomputed(c => {
  if (c.string('mode', 'avg') !== 'avg')
    return c.unsupported('its mode "max" picks weighted corners, which has no agreed meaning')
  const [batch, , height, width] = c.dims(c.input(0)) as [number, number, number, number]
  const [count, , rows, columns] = c.dims(c.output(0)) as [number, number, number, number]
  const scale = c.float('spatial_scale', 1)
  const half = c.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel'
  const shift = half ? 0.5 : 0
  const corner = (i: number): string => {
    const scaled = c.emit('Mul', [component(c.input(1), 2, i, [count, 1], c), c.scalar(scale)])
    return half ? c.emit('Sub', [scaled, c.scalar(shift)]) : scaled
  }
  const side = (low: number, bins: number, size: number): string => {
    const start = corner(low)
    const raw = c.emit('Sub', [corner(low + 2), start])
    const length = half ? raw : c.emit('Clip', [raw, c.scalar(1)])
    return binWeights(c, { low: start, length, count }, bins, samplesPerBin(c, low, bins), size)
  }
  const down = c.emit('Unsqueeze', [side(1, rows, height), c.ints64([1])])
  const across = c.emit('Transpose', [c.emit('Unsqueeze', [side(0, columns, width), c.ints64([1])])], { perm: [0, 1, 3, 2] })
  return [c.emit('MatMul', [down, c.emit('MatMul', [picturesOf(c, c.input(2), batch), across])])]
}, 'mode avg; with respect to the picture and, where sampling_ratio is given, the boxes')

/** Samples per bin; the adaptive number depends on the boxes, so these must be constants that agree on it. */
function samplesPerBin(c: RuleContext, low: number, bins: number): number {
  const ratio = c.int('sampling_ratio', 0)
  if (ratio > 0) return ratio
  const boxes = c.numbers(1)!
  const scale = c.float('spatial_scale', 1)
  const least = c.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel' ? 0 : 1
  const counts = new Set<number>()
  for (let i = low; i < boxes.length; i += 4)
    counts.add(Math.max(1, Math.ceil(Math.max((boxes[i + 2]! - boxes[i]!) * scale, least) / bins)))
  if (counts.size > 1) return c.unsupported('with sampling_ratio 0 its boxes need different numbers of samples')
  return [...counts][0] ?? 1
}

/** 1 where a pixel of an axis lies in a box's bin, [boxes, bins, size]; boxes [boxes, 1] are whole pixels. */
function binMask(c: RuleContext, low: string, high: string, bins: number, size: number): string {
  const raw = c.emit('Add', [c.emit('Sub', [high, low]), c.scalar(1)])
  const length = c.emit('Mul', [c.emit('Clip', [raw, c.scalar(1)]), c.scalar(1 / bins)])
  const row = (offset: number): string =>
    c.floats(
      Array.from({ length: bins }, (_, i) => i + offset),
      [1, bins],
    )
  const edge = (offset: number, round: string): string =>
    c.emit('Unsqueeze', [c.emit('Add', [c.emit(round, [c.emit('Mul', [length, row(offset)])]), low]), c.ints64([2])])
  const pixels = c.floats(
    Array.from({ length: size }, (_, i) => i),
    [1, 1, size],
  )
  return c.emit('And', [c.emit('GreaterOrEqual', [pixels, edge(0, 'Floor')]), c.emit('Less', [pixels, edge(1, 'Ceil')])])
}

/** The largest value of each bin, first down the columns and then along the rows; an empty bin gives 0. */
const maxRoiPool = recomputed(c => {
  const [batch, channels, height, width] = c.dims(c.input(0)) as [number, number, number, number]
  const [count, , rows, columns] = c.dims(c.output(0)) as [number, number, number, number]
  const scale = c.float('spatial_scale', 1)
  const corner = (i: number): string => {
    const scaled = c.emit('Mul', [component(c.input(1), 2, i, [count, 1], c), c.scalar(scale)])
    return c.emit('Floor', [c.emit('Add', [scaled, c.scalar(0.5)])])
  }
  const batches = c.reshape(c.emit('Cast', [component(c.input(1), 2, 0, [count, 1], c)], { to: 7 }), [count])
  const lowest = -3e38
  const largest = (value: string, mask: string, axis: number): string =>
    c.emit('ReduceMax', [c.emit('Where', [mask, value, c.scalar(lowest)]), c.ints64([axis])], { keepdims: 0 })
  const down = c.reshape(binMask(c, corner(2), corner(4), rows, height), [count, 1, rows, height, 1])
  const across = c.reshape(binMask(c, corner(1), corner(3), columns, width), [count, 1, 1, columns, width])
  const picture = c.reshape(picturesOf(c, batches, batch), [batch === 1 ? 1 : count, channels, 1, height, width])
  const perRow = c.emit('Unsqueeze', [largest(picture, down, 3), c.ints64([3])])
  const best = largest(perRow, across, 4)
  return [c.emit('Where', [c.emit('Greater', [best, c.scalar(lowest)]), best, c.scalar(0)])]
}, 'ties share equally')

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
  RoiAlign: roiAlign,
  MaxRoiPool: maxRoiPool,
  MaxUnpool: maxUnpool,
  Col2Im: col2Im,
  DeformConv: deformConv,
}
