/** @file Gradient of Resize: separable, so the transpose of one interpolation matrix per axis. */
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { axisOf, gathered, product, replaced, runs } from './blocks.js'
import { type Interpolation, interpolationMatrix, isKnown, nearestSource } from './interpolation.js'

/** One interpolation for each axis that the node resizes. */
function interpolations(c: RuleContext): { axis: number; of: Interpolation }[] {
  const from = c.dims(c.input(0))
  const to = c.dims(c.output(0))
  const axes = (c.ints('axes') ?? from.map((_, i) => i)).map(axis => axisOf(axis, from.length))
  const scales = c.has(2) ? c.numbers(2)! : []
  const given = scales.length > 0 ? scales : scalesOfSizes(c, from, axes)
  const transformation = c.string('coordinate_transformation_mode', 'half_pixel')
  const roi = transformation === 'tf_crop_and_resize' ? c.numbers(1)! : []
  const common = {
    mode: c.string('mode', 'nearest'),
    coordinates: transformation,
    nearest: c.string('nearest_mode', 'round_prefer_floor'),
    cubicA: c.float('cubic_coeff_a', -0.75),
    excludeOutside: c.int('exclude_outside', 0) !== 0,
    antialias: c.int('antialias', 0) !== 0,
  }
  return axes.map((axis, i) => {
    const region: [number, number] = [roi[i] ?? 0, roi[i + axes.length] ?? 1]
    const of = { ...common, input: from[axis]!, output: to[axis]!, scale: given[i]!, roi: region }
    return isKnown(of) ? { axis, of } : c.unsupported(`it resizes by "${of.mode}" with "${of.coordinates}" coordinates`)
  })
}

/** Each axis its own scale, or one for all where the aspect ratio is kept. */
function scalesOfSizes(c: RuleContext, from: readonly number[], axes: readonly number[]): number[] {
  const own = c.numbers(3)!.map((size, i) => Math.fround(size / from[axes[i]!]!))
  const policy = c.string('keep_aspect_ratio_policy', 'stretch')
  if (policy === 'stretch') return own
  const shared = policy === 'not_larger' ? Math.min(...own) : Math.max(...own)
  return own.map(() => shared)
}

/** k where every input entry is simply repeated k times, else 0. */
function repeats(of: Interpolation): number {
  const k = of.output / of.input
  if (of.mode !== 'nearest' || !Number.isInteger(k)) return 0
  return nearestSource(of).every((source, x) => source === Math.floor(x / k)) ? k : 0
}

const isIdentity = (of: Interpolation): boolean =>
  of.input === of.output &&
  interpolationMatrix(of).every((value, i) => Math.abs(value - (i % (of.input + 1) === 0 ? 1 : 0)) < 1e-12)

/** Whole-number enlargement by repetition: sums over blocks, as a pool where the layout is an image's. */
function summedBlocks(g: string, dims: readonly number[], factors: readonly number[], c: RuleContext): string {
  const to = dims.map((dim, axis) => dim / factors[axis]!)
  if (dims.length === 4 && factors[0] === 1 && factors[1] === 1) {
    const kernel = factors.slice(2)
    const mean = c.emit('AveragePool', [g], { kernel_shape: kernel, strides: kernel })
    return c.emit('Mul', [mean, c.scalar(product(kernel))])
  }
  const split = to.flatMap((dim, axis) => [dim, factors[axis]!])
  const axes = factors.flatMap((factor, axis) => (factor > 1 ? [2 * axis + 1] : []))
  return c.reshape(c.emit('ReduceSum', [c.reshape(g, split), c.ints64(axes)], { keepdims: 1 }), to)
}

/** The transpose of an [out, in] matrix applied along an axis of length out. */
function transposeApplied(g: string, dims: readonly number[], axis: number, of: Interpolation, c: RuleContext): string {
  const { input, output } = of
  const matrix = interpolationMatrix(of)
  if (axis === dims.length - 1) return c.emit('MatMul', [g, c.floats(matrix, [output, input])])
  const turned = Float64Array.from(matrix, (_, i) => matrix[(i % output) * input + Math.floor(i / output)]!)
  const left = c.floats(turned, [input, output])
  if (axis === dims.length - 2) return c.emit('MatMul', [left, g])
  const flat = [product(dims.slice(0, axis)), output, product(dims.slice(axis + 1))]
  return c.reshape(c.emit('MatMul', [left, c.reshape(g, flat)]), replaced(dims, axis, input))
}

export const resize: RuleTable = {
  Resize: single((g, c) => {
    const dims = [...c.dims(c.output(0))]
    const todo = interpolations(c).filter(({ of }) => !isIdentity(of))
    let value = g
    const factors = dims.map(() => 1)
    for (const { axis, of } of todo) factors[axis] = repeats(of) || 1
    if (factors.some(factor => factor > 1)) {
      value = summedBlocks(value, dims, factors, c)
      factors.forEach((factor, axis) => {
        dims[axis]! /= factor
      })
    }
    // The axis that shrinks most goes first: the others then have less to do.
    const rest = todo.filter(({ axis }) => factors[axis] === 1)
    for (const { axis, of } of rest.sort((a, b) => a.of.input / a.of.output - b.of.input / b.of.output)) {
      const source = of.mode === 'nearest' ? nearestSource(of) : []
      const blocks = of.mode === 'nearest' && runs(source).length <= 4
      value = blocks ? gathered(value, dims, axis, source, of.input, c) : transposeApplied(value, dims, axis, of, c)
      dims[axis] = of.input
    }
    return [value]
  }, 'with respect to the picture; not to the region of interest'),
}
