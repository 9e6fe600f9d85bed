/** @file Blocks of a value along an axis: cutting, placing among zeros, reversing. Dimensions are static. */
import type { Block, RuleContext } from '../rule.js'

/** A non-negative axis. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

export const product = (dims: readonly number[]): number => dims.reduce((total, dim) => total * dim, 1)

/** `dims` with one axis replaced by any number of dimensions. */
export const replaced = (dims: readonly number[], axis: number, ...by: readonly number[]): number[] => [
  ...dims.slice(0, axis),
  ...by,
  ...dims.slice(axis + 1),
]

/** Zeros of the dtype of `like` (default: the first output's). */
export const zeros = (dims: readonly number[], c: RuleContext, like?: string): string => filled(0, dims, c, like)

/** One number everywhere; a single constant in the file whatever its size. */
export function filled(value: number, dims: readonly number[], c: RuleContext, like?: string): string {
  const scalar = c.scalar(value, like)
  return dims.length === 0 ? scalar : c.emit('Expand', [scalar, c.ints64(dims)])
}

const total = (parts: readonly string[], c: RuleContext): string => parts.reduce((a, b) => c.emit('Add', [a, b]))

/** Entries start, start + 1, ... of an axis; the value itself where these are all `size` of them. */
function narrowed(value: string, axis: number, size: number, start: number, length: number, c: RuleContext): string {
  if (start === 0 && length === size) return value
  return c.emit('Slice', [value, c.ints64([start]), c.ints64([start + length]), c.ints64([axis])])
}

/** The entries of an axis in reverse order. */
export const reversed = (value: string, axis: number, c: RuleContext): string =>
  c.emit('Slice', [value, c.ints64([-1]), c.ints64([Number.MIN_SAFE_INTEGER]), c.ints64([axis]), c.ints64([-1])])

/** Zeros added (negative: entries removed) before and after each axis; the value itself where there is nothing to do. */
export function padded(value: string, before: readonly number[], after: readonly number[], c: RuleContext): string {
  if (before.every(pad => pad === 0) && after.every(pad => pad === 0)) return value
  return c.emit('Pad', [value, c.ints64([...before, ...after])])
}

/** A value as entries `start`, `start` + 1, ... of an axis of `size` entries, the others zero. */
function placed(value: string, dims: readonly number[], axis: number, start: number, size: number, c: RuleContext): string {
  const at = (pad: number): number[] => dims.map((_, i) => (i === axis ? pad : 0))
  return padded(value, at(start), at(size - start - dims[axis]!), c)
}

/**
 * A gradient that is zero but for consecutive entries of an axis: left to the walk to place, or the value where these are all.
 */
export const blockOf = (value: string, dims: readonly number[], axis: number, start: number, size: number): string | Block =>
  dims[axis] === size ? value : { value, dims, axis, start, size }

/** One of several axes' worth of a strided cut. */
export interface Stride {
  readonly axis: number
  readonly start: number
  /** Never zero; negative runs backwards. */
  readonly step: number
}

/**
 * The transpose of a strided cut: entry i of each named axis becomes entry start + i * step of an axis as long as in `to`, the rest is zero.
 * Strides are opened by padding a new axis of length 1 to |step| and merging it, for all axes at once.
 */
export function scattered(
  value: string,
  from: readonly number[],
  strides: readonly Stride[],
  to: readonly number[],
  c: RuleContext,
): string {
  if (product(from) === 0) return zeros(to, c, value)
  const gaps = from.map(() => 1)
  const leads = from.map(() => 0)
  const firsts = from.map(() => 0)
  let out = value
  for (const { axis, start, step } of strides) {
    const count = from[axis]!
    if (step < 0 && count > 1) out = reversed(out, axis, c)
    gaps[axis] = count > 1 ? Math.abs(step) : 1
    firsts[axis] = step < 0 ? start + (count - 1) * step : start
    leads[axis] = firsts[axis]! % gaps[axis]!
  }
  const open = from.map((dim, axis) => dim * gaps[axis]!)
  if (gaps.some(gap => gap > 1)) {
    const split = from.flatMap((dim, axis) => (gaps[axis]! > 1 ? [dim, 1] : [dim]))
    const spread = (pad: (axis: number) => number): number[] =>
      from.flatMap((_, axis) => (gaps[axis]! > 1 ? [0, pad(axis)] : [0]))
    const before = spread(axis => leads[axis]!)
    const after = spread(axis => gaps[axis]! - 1 - leads[axis]!)
    out = c.reshape(padded(c.reshape(out, split), before, after, c), open)
  }
  const before = from.map((_, axis) => firsts[axis]! - leads[axis]!)
  return padded(
    out,
    before,
    to.map((dim, axis) => dim - before[axis]! - open[axis]!),
    c,
  )
}

/**
 * The transpose of `y[i] = x[source[i]]` along one axis (negative source: nothing is read): adds the entries of a value of dimensions `from`
 * into an axis of `size` entries. Entries whose sources are consecutive, backwards or all the same travel as one block; only where
 * blocks overlap is anything added.
 */
export function gathered(
  value: string,
  from: readonly number[],
  axis: number,
  source: readonly number[],
  size: number,
  c: RuleContext,
): string {
  const found = runs(source)
  const to = replaced(from, axis, size)
  if (found.length === 0) return zeros(to, c, value)
  const blocks = found.map(run => landing(value, from, axis, source, run, c))
  if (found.some(({ step }) => Math.abs(step) > 1) || found.length === 1)
    return total(
      found.map((run, i) => {
        const { step, length, at } = run
        const dims = replaced(from, axis, step === 0 ? 1 : length)
        if (Math.abs(step) <= 1) return placed(blocks[i]!.value(0, dims[axis]!), dims, axis, blocks[i]!.start, size, c)
        return scattered(narrowed(value, axis, source.length, at, length, c), dims, [{ axis, start: source[at]!, step }], to, c)
      }),
      c,
    )
  const bounds = [...new Set([0, size, ...blocks.flatMap(({ start, length }) => [start, start + length])])].sort((a, b) => a - b)
  const pieces = bounds.slice(0, -1).map((low, i) => {
    const high = bounds[i + 1]!
    const over = blocks.filter(({ start, length }) => start <= low && start + length >= high)
    if (over.length === 0) return zeros(replaced(from, axis, high - low), c, value)
    return total(
      over.map(({ start, value: cut }) => cut(low - start, high - start)),
      c,
    )
  })
  return pieces.length === 1 ? pieces[0]! : c.emit('Concat', pieces, { axis })
}

/** Where a run of step -1, 0 or 1 lands, and its entries from `low` to `high` in the order they land. */
interface Landing {
  readonly start: number
  readonly length: number
  readonly value: (low: number, high: number) => string
}

function landing(
  value: string,
  from: readonly number[],
  axis: number,
  source: readonly number[],
  { at, length, step }: Run,
  c: RuleContext,
): Landing {
  const cut = (low: number, high: number): string => narrowed(value, axis, from[axis]!, at + low, high - low, c)
  if (step === 0) {
    const sum = (): string => (length > 1 ? c.emit('ReduceSum', [cut(0, length), c.ints64([axis])], { keepdims: 1 }) : cut(0, 1))
    return { start: source[at]!, length: 1, value: sum }
  }
  if (step > 0) return { start: source[at]!, length, value: cut }
  const backwards = (low: number, high: number): string =>
    high - low > 1 ? reversed(cut(length - high, length - low), axis, c) : cut(length - high, length - low)
  return { start: source[at]! - length + 1, length, value: backwards }
}

interface Run {
  readonly at: number
  readonly length: number
  readonly step: number
}

/** Maximal arithmetic progressions in a list of positions; negative positions belong to none. */
export function runs(source: readonly number[]): Run[] {
  const found: Run[] = []
  for (let at = 0; at < source.length; ) {
    if (source[at]! < 0) {
      at++
      continue
    }
    const step = at + 1 < source.length && source[at + 1]! >= 0 ? source[at + 1]! - source[at]! : 0
    let end = at + 1
    while (end < source.length && source[end]! >= 0 && source[end]! - source[end - 1]! === step) end++
    found.push({ at, length: end - at, step: end - at === 1 ? 0 : step })
    at = end
  }
  return found
}
