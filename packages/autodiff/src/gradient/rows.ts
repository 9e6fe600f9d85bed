/**
 * @file Adding rows into a tensor at given positions: the transpose of every gather. Only formulations that are exact at any
 * thread count are emitted: ScatterElements with reduction add is, ScatterND with reduction add is not.
 */
import { Tensor } from '@ascribe/onnx'
import type { RuleContext } from '../rule.js'
import { gathered, product, runs, zeros } from './blocks.js'

/** Cotangent rows [outer, count, inner] to be added into [outer, size, inner]. */
export interface Rows {
  readonly outer: number
  readonly count: number
  readonly inner: number
  readonly size: number
}

export const nonNegative = (indices: readonly number[], size: number): number[] =>
  indices.map(index => (index < 0 ? index + size : index))

/** Above this many entries a one-hot matrix costs more than a sequential scatter. */
const oneHotLimit = 1 << 16

/** Adds rows at the positions a value [count] holds at run time. */
function addAtRuntime(g: string, indices: string, rows: Rows, c: RuleContext): string {
  const { outer, count, inner, size } = rows
  const flat = c.emit('Reshape', [indices, c.ints64([count])])
  if (size * count <= oneHotLimit) return c.emit('MatMul', [oneHotColumns(flat, size, c), g])
  const index = c.emit('Expand', [c.emit('Reshape', [flat, c.ints64([1, count, 1])]), c.ints64([outer, count, inner])])
  return c.emit('ScatterElements', [zeros([outer, size, inner], c, g), index, g], { axis: 1, reduction: 'add' })
}

/** [size, count], one where the row is the column's index (negative indices count from the end). */
export function oneHotColumns(indices: string, size: number, c: RuleContext): string {
  const index = c.emit('Cast', [indices], { to: 7 })
  const positive = c.emit('Where', [c.emit('Less', [index, c.ints64([0])]), c.emit('Add', [index, c.ints64([size])]), index])
  const rows = c.emit('Unsqueeze', [c.ints64(Array.from({ length: size }, (_, i) => i)), c.ints64([1])])
  return c.emit('Cast', [c.emit('Equal', [positive, rows])], { to: 1 })
}

/**
 * Adds rows at constant positions. Few runs of positions travel as blocks. Otherwise every entry reads back the rows that belong to it, entries with
 * about equally many rows together, which runs in parallel where a scatter does not.
 */
function addAtConstant(g: string, indices: readonly number[], rows: Rows, c: RuleContext): string {
  const { outer, count, inner, size } = rows
  if (runs(indices).length <= 4) return gathered(g, [outer, count, inner], 1, indices, size, c)
  const readers: number[][] = Array.from({ length: size }, () => [])
  for (const [i, index] of indices.entries()) readers[index]?.push(i)
  // Places beyond an entry's own rows read a row of zeros after the last.
  const complete = readers.every(({ length }) => length === readers[0]!.length)
  const source = complete ? g : c.emit('Concat', [g, zeros([outer, 1, inner], c, g)], { axis: 1 })
  const width = ({ length }: readonly number[]): number => (complete ? length : 2 ** Math.ceil(Math.log2(Math.max(1, length))))
  const widths = [...new Set(readers.map(width))].sort((a, b) => a - b)
  const order: number[] = []
  const parts = widths.map(places => {
    const members = readers.flatMap((list, entry) => (width(list) === places ? [entry] : []))
    order.push(...members)
    const table = members.flatMap(entry => Array.from({ length: places }, (_, k) => readers[entry]![k] ?? count))
    if (places === 1) return c.emit('Gather', [source, c.ints64(table)], { axis: 1 })
    const at = c.constantTensor(Tensor.from('int64', [members.length, places], table))
    return c.emit('ReduceSum', [c.emit('Gather', [source, at], { axis: 1 }), c.ints64([2])], { keepdims: 0 })
  })
  if (parts.length === 1) return parts[0]!
  const position = new Array<number>(size)
  for (const [i, entry] of order.entries()) position[entry] = i
  return c.emit('Gather', [c.emit('Concat', parts, { axis: 1 }), c.ints64(position)], { axis: 1 })
}

export function addAt(g: string, indices: string, rows: Rows, c: RuleContext): string {
  if (rows.count === 0 || rows.outer === 0 || rows.inner === 0) return zeros([rows.outer, rows.size, rows.inner], c, g)
  const constant = c.constant(indices)
  return constant
    ? addAtConstant(g, nonNegative(Array.from(constant.numbers()), rows.size), rows, c)
    : addAtRuntime(g, indices, rows, c)
}

/** Index tuples as positions of rows in the flattened data. */
export interface Tuples {
  /** int64 positions [count]. */
  readonly positions: string
  readonly count: number
  /** Rows of the flattened data, and elements of each. */
  readonly size: number
  readonly inner: number
}

export function flattened(data: readonly number[], indices: string, batchDims: number, c: RuleContext): Tuples {
  const dims = c.dims(indices)
  const depth = dims.at(-1)!
  const batch = product(data.slice(0, batchDims))
  const indexed = data.slice(batchDims, batchDims + depth)
  const perBatch = product(indexed)
  const count = product(dims.slice(0, -1))
  const strides = indexed.map((_, i) => product(indexed.slice(i + 1)))
  const offsets = Array.from({ length: count }, (_, i) => Math.floor(i / (count / batch)) * perBatch)
  const rest = { count, size: batch * perBatch, inner: product(data.slice(batchDims + depth)) }
  const constant = c.constant(indices)
  if (constant) {
    const values = constant.numbers()
    const positions = offsets.map((offset, row) =>
      strides.reduce((sum, stride, i) => {
        const index = values[row * depth + i]!
        return sum + (index < 0 ? index + indexed[i]! : index) * stride
      }, offset),
    )
    return { ...rest, positions: c.ints64(positions) }
  }
  const index = c.reshape(indices, [count, depth])
  const positive = c.emit('Where', [c.emit('Less', [index, c.ints64([0])]), c.emit('Add', [index, c.ints64(indexed)]), index])
  const summed = c.emit('ReduceSum', [c.emit('Mul', [positive, c.ints64(strides)]), c.ints64([1])], { keepdims: 0 })
  return { ...rest, positions: batch > 1 ? c.emit('Add', [summed, c.ints64(offsets)]) : summed }
}
