/** @file Operators that move elements without computing: concatenate, split, slice, pad, tile, expand. */
import type { Dimension, Shape } from '../graph.js'
import {
  axisOf,
  broadcast,
  broadcastIndices,
  expectRank,
  one,
  shapeFromElements,
  smallCount,
  unify,
  unknownDims,
} from './common.js'
import { addDims, divideDims, multiplyDims, subtractDims } from './dimension.js'
import { maxElements, type ShapeContext, type ShapeResult, type ShapeRule, type ShapeRules } from './rule.js'

const concat: ShapeRule = c => {
  const dtype = c.dtype(0)
  const shapes = Array.from({ length: c.inputCount }, (_, i) => c.shape(i))
  const known = shapes.find(shape => shape !== null)
  if (!known) return one(dtype, null)
  const axis = axisOf(c, c.int('axis') ?? c.fail('it has no axis attribute'), known.length)
  let out: Dimension[] = known.map((dim, i) => (i === axis ? 0 : dim))
  for (const shape of shapes) {
    if (shape && shape.length !== out.length) c.fail('the inputs have different numbers of dimensions')
    out = out.map((dim, i) => {
      const own = shape ? shape[i]! : null
      return i === axis ? addDims(dim, own) : unify(c, dim, own, `dimension ${i} differs`)
    })
  }
  const contents: Dimension[] = []
  if (out.length === 1 && typeof out[0] === 'number' && out[0] <= maxElements) {
    for (let i = 0; i < c.inputCount; i++) {
      const size = shapes[i]?.[0]
      contents.push(...(c.elements(i) ?? unknownDims(size as number)))
    }
    if (contents.some(item => item !== null)) return one(dtype, out, contents)
  }
  return one(dtype, out)
}

const split: ShapeRule = c => {
  const from = c.shape(0)
  const count = c.outputCount
  if (!from) return Array.from({ length: count }, () => ({ dtype: c.dtype(0), shape: null }))
  const axis = axisOf(c, c.int('axis', 0), from.length)
  const total = from[axis]!
  const given = c.has(1) ? c.elements(1) : undefined
  if (given && given.length !== count) c.fail(`it splits into ${given.length} parts but has ${count} outputs`)
  const chunk = typeof total === 'number' ? Math.ceil(total / count) : divideDims(total, count)
  const parts: Dimension[] = given
    ? [...given]
    : Array.from({ length: count }, (_, i) => {
        if (c.has(1)) return null
        return typeof total === 'number' && typeof chunk === 'number' ? Math.max(0, Math.min(chunk, total - i * chunk)) : chunk
      })
  const sum = parts.reduce(addDims, 0)
  if (typeof sum === 'number' && typeof total === 'number' && sum !== total)
    c.fail(`the parts add up to ${sum}, dimension ${axis} is ${total}`)
  const contents = from.length === 1 ? c.elements(0) : undefined
  let at = 0
  return parts.map((size): ShapeResult => {
    const shape = from.map((dim, i) => (i === axis ? size : dim))
    if (!contents || typeof size !== 'number') return { dtype: c.dtype(0), shape }
    at += size
    return { dtype: c.dtype(0), shape, elements: contents.slice(at - size, at) }
  })
}

/** Length of `dim` sliced from `start` to `end` in steps of `step`, with what can be said of symbols. */
function sliceDim(dim: Dimension, start: Dimension, end: Dimension, step: number): Dimension {
  if (typeof dim === 'number' && typeof start === 'number' && typeof end === 'number') {
    const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1]
    const clamp = (at: number, floor: number) => Math.min(Math.max(at < 0 ? at + dim : at, floor), high)
    const first = clamp(start, step > 0 ? 0 : Math.min(0, high))
    return Math.max(0, Math.ceil((clamp(end, low) - first) / step))
  }
  const huge = (at: Dimension) => typeof at === 'number' && at >= 2 ** 31 - 1
  if (step === -1 && start === -1 && typeof end === 'number' && end <= -(2 ** 31) + 1) return dim
  if (step !== 1) return null
  const negative = (at: Dimension) => typeof at === 'number' && at < 0
  const to = huge(end) || end === dim ? dim : negative(end) ? addDims(dim, end) : end
  const from = negative(start) ? (start === -1 ? subtractDims(dim, 1) : null) : start
  return subtractDims(to, from)
}

const slice: ShapeRule = c => {
  const dtype = c.dtype(0)
  const from = c.shape(0)
  if (!from) return one(dtype, null)
  const [starts, ends] = [c.elements(1), c.elements(2)]
  const count = starts?.length ?? ends?.length ?? c.shape(1)?.[0]
  const axes = c.has(3) ? c.numbers(3) : typeof count === 'number' ? Array.from({ length: count }, (_, i) => i) : undefined
  if (!axes) return one(dtype, unknownDims(from.length))
  const steps = c.has(4) ? c.numbers(4) : axes.map(() => 1)
  const out = [...from]
  axes.forEach((raw, i) => {
    const axis = axisOf(c, raw, from.length, 'axes entry')
    const step = steps?.[i]
    if (step === 0) c.fail('a step is zero')
    out[axis] = step === undefined ? null : sliceDim(from[axis]!, starts?.[i] ?? null, ends?.[i] ?? null, step)
  })
  const contents = from.length === 1 ? c.elements(0) : undefined
  if (!contents || axes.length !== 1 || typeof out[0] !== 'number') return one(dtype, out)
  const step = steps![0]!
  const start = starts![0] as number
  const wrapped = start < 0 ? start + contents.length : start
  const first = Math.min(Math.max(wrapped, 0), step > 0 ? contents.length : contents.length - 1)
  return one(
    dtype,
    out,
    Array.from({ length: out[0] }, (_, i) => contents[first + i * step]!),
  )
}

const expand: ShapeRule = c => {
  const target = shapeFromElements(c, 1)
  const out = broadcast(c, [c.shape(0), target])
  const contents = smallCount(out) === undefined || smallCount(c.shape(0)) === undefined ? undefined : c.elements(0)
  const indices = contents && broadcastIndices(c.shape(0) as readonly number[], out as readonly number[])
  return one(
    c.dtype(0),
    out,
    indices?.map(index => contents![index]!),
  )
}

const tile: ShapeRule = c => {
  const from = c.shape(0)
  const repeats = c.elements(1)
  if (!from || !repeats) return one(c.dtype(0), from ? unknownDims(from.length) : null)
  if (repeats.length !== from.length) c.fail(`it has ${repeats.length} repeats for ${from.length} dimensions`)
  const out = from.map((dim, i) => multiplyDims(dim, repeats[i]!))
  const contents = from.length === 1 && smallCount(out) !== undefined ? c.elements(0) : undefined
  return one(c.dtype(0), out, contents && Array.from({ length: out[0] as number }, (_, i) => contents[i % contents.length]!))
}

const pad: ShapeRule = c => {
  const from = c.shape(0)
  const pads = c.elements(1)
  if (!from) return one(c.dtype(0), null)
  const axes = c.has(3) ? c.numbers(3) : from.map((_, i) => i)
  if (!pads || !axes) return one(c.dtype(0), unknownDims(from.length))
  if (pads.length !== 2 * axes.length) c.fail(`it has ${pads.length} pads for ${axes.length} dimensions`)
  const out = [...from]
  axes.forEach((raw, i) => {
    const axis = axisOf(c, raw, from.length, 'axes entry')
    const size = addDims(addDims(from[axis]!, pads[i]!), pads[i + axes.length]!)
    if (typeof size === 'number' && size < 0) c.fail(`the pads remove more than dimension ${axis} has`)
    out[axis] = size
  })
  return one(c.dtype(0), out)
}

const spread = (c: ShapeContext, scale: (dims: Shape, block: number) => Shape): readonly ShapeResult[] => {
  expectRank(c, 0, 4)
  const from = c.shape(0)
  const block = c.int('blocksize') ?? c.fail('it has no blocksize attribute')
  return one(c.dtype(0), from ? scale(from, block) : unknownDims(4))
}

const whole = (c: ShapeContext, dim: Dimension, by: number): Dimension => {
  if (typeof dim === 'number' && dim % by !== 0) c.fail(`dimension ${dim} is not a multiple of ${by}`)
  return divideDims(dim, by)
}

const centerCropPad: ShapeRule = c => {
  const from = c.shape(0)
  if (!from) return one(c.dtype(0), null)
  const axes = (c.ints('axes') ?? from.map((_, i) => i)).map(axis => axisOf(c, axis, from.length))
  const sizes = c.elements(1)
  return one(
    c.dtype(0),
    from.map((dim, i) => (axes.includes(i) ? (sizes?.[axes.indexOf(i)] ?? null) : dim)),
  )
}

export const movementRules: ShapeRules = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  CenterCropPad: centerCropPad,
  DepthToSpace: c => spread(c, ([n, ch, h, w], b) => [n!, whole(c, ch!, b * b), multiplyDims(h!, b), multiplyDims(w!, b)]),
  SpaceToDepth: c => spread(c, ([n, ch, h, w], b) => [n!, multiplyDims(ch!, b * b), whole(c, h!, b), whole(c, w!, b)]),
}
