/** @file Gradients of pooling over regions of interest. */
import { recomputed } from '../recompute.js'
import type { RuleContext, RuleTable } from '../rule.js'
import { component } from './sampler.js'

/**
 * The share of each pixel along one axis in each bin, [boxes, bins, size]: the mean over the bin's samples of a triangle around
 * each sample. Bilinear sampling and averaging are separable, so two of these and two products are the whole operator.
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

export const regions: RuleTable = { RoiAlign: roiAlign, MaxRoiPool: maxRoiPool }
