/** @file Helpers that shape rules share. */
import type { DataType } from '../dtype.js'
import type { Dimension, Shape } from '../graph.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'
import { maxElements } from './rule.js'

/** One output. */
export const one = (dtype: DataType, shape: Shape | null, elements?: readonly Dimension[]): readonly ShapeResult[] => [
  elements === undefined ? { dtype, shape } : { dtype, shape, elements },
]

/** Output of the type and shape of input `index`. */
export const like =
  (index = 0, dtype?: DataType): ShapeRule =>
  c =>
    one(dtype ?? c.dtype(index), c.shape(index))

/** The same rule under several names. */
export const rules = (names: readonly string[], rule: ShapeRule): ShapeRules =>
  Object.fromEntries(names.map(name => [name, rule]))

/** A rank with nothing known about the dimensions. */
export const unknownDims = (rank: number): Dimension[] => new Array<Dimension>(rank).fill(null)

/** A non-negative axis. */
export function axisOf(c: ShapeContext, axis: number, rank: number, name = 'axis'): number {
  const at = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(at) || at < 0 || at >= rank) c.fail(`${name} ${axis} is outside the ${rank} dimensions of its input`)
  return at
}

/** Two dimensions that must be equal: the better known one. */
export function unify(c: ShapeContext, a: Dimension, b: Dimension, what: string): Dimension {
  if (typeof a === 'number' && typeof b === 'number' && a !== b) c.fail(`${what}: ${a} against ${b}`)
  if (typeof a === 'number' || b === null) return a
  return typeof b === 'number' || a === null ? b : a
}

/** Two dimensions under broadcasting; undefined where they cannot be. */
function broadcastDim(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === 1) return b
  if (b === 1 || a === b) return a
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a
  return typeof b === 'number' ? b : null
}

/** Shapes under ONNX's multidirectional broadcasting; null where one has unknown rank. */
export function broadcast(c: ShapeContext, shapes: readonly (Shape | null)[]): Shape | null {
  let out: Dimension[] = []
  for (const shape of shapes) {
    if (shape === null) return null
    const [long, short] = shape.length > out.length ? [shape, out] : [out, shape]
    const shift = long.length - short.length
    out = long.map((dim, i) => {
      if (i < shift) return dim
      const result = broadcastDim(dim, short[i - shift]!)
      return result === undefined ? c.fail('the shapes do not broadcast') : result
    })
  }
  return out
}

/** Number of elements where every dimension is a number and there are few enough to follow. */
export function smallCount(shape: Shape | null): number | undefined {
  if (shape === null) return undefined
  let count = 1
  for (const dim of shape) {
    if (typeof dim !== 'number') return undefined
    count *= dim
  }
  return count <= maxElements ? count : undefined
}

/** For every element of the broadcast shape `to`, the flat index into `from`. Both fully known. */
export function broadcastIndices(from: readonly number[], to: readonly number[]): number[] {
  let indices = [0]
  const shift = to.length - from.length
  to.forEach((size, axis) => {
    const own = axis < shift ? 1 : from[axis - shift]!
    indices = indices.flatMap(base => Array.from({ length: size }, (_, i) => base * own + (own === 1 ? 0 : i)))
  })
  return indices
}

/** Throws unless the input's rank is the one given (or unknown). */
export function expectRank(c: ShapeContext, index: number, rank: number): void {
  const shape = c.shape(index)
  if (shape !== null && shape.length !== rank) c.fail(`input ${index} must have ${rank} dimensions`)
}

/** Axes from input `index` (opset 13 and later) or the attribute; undefined where unknown, null where absent. */
export function axesOf(c: ShapeContext, index: number): readonly number[] | null | undefined {
  const attribute = c.ints('axes')
  if (attribute) return attribute
  return c.has(index) ? c.numbers(index) : null
}

/** A shape from the contents of a shape tensor; an unknown one of known length keeps the rank. */
export function shapeFromElements(c: ShapeContext, index: number): Shape | null {
  const elements = c.elements(index)
  if (elements) {
    if (elements.some(dim => typeof dim === 'number' && dim < 0)) c.fail('a dimension asked for is negative')
    return elements
  }
  const length = c.shape(index)?.[0]
  return typeof length === 'number' && length <= 64 ? unknownDims(length) : null
}
