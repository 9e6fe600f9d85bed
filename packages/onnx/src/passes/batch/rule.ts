/** @file The shape of a batch rule, and what rules share. */
import type { Node } from '../../graph.js'
import type { Tensor } from '../../tensor.js'

/** The axis that holds the rows; undefined for a value that does not depend on them. */
export type BatchAxis = number | undefined

/**
 * Where the rows of a batch are in a value. Entry (before, row, after) of the axis is at (before * batch + row) * afters + after:
 * with 64 windows per picture an axis of 64 * batch entries holds those of the first picture first (`outer` 1); a sequence of 197
 * joined with the batch behind it has `outer` 197. Elsewhere each row has exactly what it has alone.
 */
export interface BatchPlace {
  readonly axis: number
  /** Entries of the axis before the row. */
  readonly outer: number
}

export interface BatchContext {
  readonly node: Node
  /** Batch size of the model as it is, and the one wanted. */
  readonly old: number
  readonly batch: number
  has(input: number): boolean
  axis(input: number): BatchAxis
  /** Of every input that depends on the rows; unproven where they differ. */
  readonly outer: number
  /** Dimensions at the old batch size. */
  dims(input: number): readonly number[]
  outDims(output: number): readonly number[]
  constant(input: number): Tensor | undefined
  /** A dimension that holds the batch, at the new size; unproven where it is no multiple of the old one. */
  scaled(dim: number): number
  /** Name of an input that does not depend on the rows, repeated for every row along an axis. */
  repeat(input: number, axis: number): string
  /** Name of a one-dimensional int64 constant. */
  ints(values: readonly number[]): string
  /** Name of a new constant. */
  tensor(value: Tensor): string
}

export interface BatchResult {
  readonly node: Node
  /** By output. */
  readonly axes: readonly BatchAxis[]
  /** Where it is not the inputs'. */
  readonly outer?: number
}

/** Called only where some input depends on the rows. */
export type BatchRule = (context: BatchContext) => BatchResult
export type BatchRules = Readonly<Record<string, BatchRule>>

/** Thrown where rows cannot be shown to stay apart. */
export const unproven = Symbol('unproven')

export function give(): never {
  throw unproven
}

/** Throws unless the condition holds. */
export function prove(condition: boolean): asserts condition {
  if (!condition) throw unproven
}

export const table = (names: readonly string[], rule: BatchRule): BatchRules =>
  Object.fromEntries(names.map(name => [name, rule]))

export const withInputs = (node: Node, inputs: readonly string[]): Node => ({ ...node, inputs })

export const wrap = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

/** The axis of input `index`, which must depend on the rows, while no other input does. */
export function only(c: BatchContext, index: number): number {
  const axis = c.axis(index)
  prove(axis !== undefined && c.node.inputs.every((_, i) => i === index || c.axis(i) === undefined))
  return axis
}

/** The same axis for every output. */
export const keep = (node: Node, axis: BatchAxis): BatchResult => ({ node, axes: node.outputs.map(() => axis) })

/**
 * Inputs under broadcasting: those that depend on the rows agree on their axis, counted from the end; the others have one entry
 * there or are repeated.
 * @param skip dimensions at the end that do not broadcast (2 for matrices)
 */
export function align(c: BatchContext, indices: readonly number[], skip = 0): { inputs: string[]; fromEnd: number } {
  let fromEnd: number | undefined
  let size = 0
  for (const i of indices) {
    const axis = c.axis(i)
    if (axis === undefined) continue
    const own = c.dims(i).length - axis
    prove(own > skip && (fromEnd === undefined || (fromEnd === own && size === c.dims(i)[axis])))
    fromEnd = own
    size = c.dims(i)[axis]!
  }
  prove(fromEnd !== undefined)
  const inputs = [...c.node.inputs]
  for (const i of indices) {
    if (!c.has(i) || c.axis(i) !== undefined) continue
    const at = c.dims(i).length - fromEnd
    if (at < 0 || c.dims(i)[at] === 1) continue
    prove(c.dims(i)[at] === size)
    inputs[i] = c.repeat(i, at)
  }
  return { inputs, fromEnd }
}
