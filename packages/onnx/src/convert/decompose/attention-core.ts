/** @file Scaled dot-product attention in elementary operators, shared by every attention operator. */
import type { ConvertContext } from '../context.js'

export interface AttentionParts {
  /** [B, heads, S, size], not yet scaled. */
  readonly q: string
  /** [B, kv heads, T, size]. */
  readonly k: string
  /** [B, kv heads, T, value size]. */
  readonly v: string
  /** Scale of the scores; 1 / sqrt(size) where undefined. */
  readonly scale: number | undefined
  /** scores -> softcap * tanh(scores / softcap) where positive. */
  readonly softcap: number
  /** Added to the scores; finite. */
  readonly bias?: string | undefined
  /** Where true the key takes part; a row without any gives zeros. */
  readonly allowed?: string | undefined
}

export interface AttentionStages {
  readonly raw: string
  readonly capped: string
  readonly biased: string
  readonly probabilities: string
  readonly output: string
}

/** Masked scores get this: far below any score, yet finite, so that no gradient is NaN. */
export const masked = -1e30

/** softmax(scale q k' + bias) v. */
export function scaledDotProduct(parts: AttentionParts, ctx: ConvertContext): AttentionStages {
  const { q, k, v, allowed } = parts
  const raw = ctx.emit('MatMul', [ctx.emit('Mul', [q, scaleOf(parts, ctx)]), ctx.emit('Transpose', [k], { perm: [0, 1, 3, 2] })])
  let capped = raw
  if (parts.softcap > 0) {
    const cap = ctx.float(parts.softcap)
    capped = ctx.emit('Mul', [ctx.emit('Tanh', [ctx.emit('Div', [raw, cap])]), cap])
  }
  let biased = parts.bias ? ctx.emit('Add', [capped, parts.bias]) : capped
  if (allowed) biased = ctx.emit('Where', [allowed, biased, ctx.float(masked)])
  let probabilities = ctx.emit('Softmax', [biased], { axis: -1 })
  if (allowed) probabilities = ctx.emit('Where', [allowed, probabilities, ctx.float(0)])
  return { raw, capped, biased, probabilities, output: ctx.emit('MatMul', [probabilities, v]) }
}

function scaleOf({ q, scale }: AttentionParts, ctx: ConvertContext): string {
  if (scale !== undefined) return ctx.float(scale)
  const size = ctx.shape(q)?.at(-1)
  if (typeof size === 'number') return ctx.float(1 / Math.sqrt(size))
  const last = ctx.emit('Cast', [ctx.emit('Squeeze', [ctx.emit('Shape', [q], { start: -1 })])], { to: 1 })
  return ctx.emit('Reciprocal', [ctx.emit('Sqrt', [last])])
}

/** [B, S, heads * size] -> [B, heads, S, size]. */
export function splitHeads(x: string, heads: number, ctx: ConvertContext): string {
  return ctx.emit('Transpose', [ctx.emit('Reshape', [x, ctx.ints([0, 0, heads, -1])])], { perm: [0, 2, 1, 3] })
}

/** [B, heads, S, size] -> [B, S, heads * size] under the names given. */
export function mergeHeads(x: string, outputs: readonly string[], ctx: ConvertContext): void {
  ctx.emitTo(outputs, 'Reshape', [ctx.emit('Transpose', [x], { perm: [0, 2, 1, 3] }), ctx.ints([0, 0, -1])])
}

/** Repeats each key or value head for the `group` query heads that share it. */
export function repeatHeads(x: string, group: string, ctx: ConvertContext): string {
  const spread = ctx.emit('Concat', [ctx.ints([1, 1]), group, ctx.ints([1, 1])], { axis: 0 })
  const shape = ctx.emit('Shape', [x])
  const part = (start: number, end: number): string => ctx.emit('Slice', [shape, ctx.ints([start]), ctx.ints([end])])
  const target = ctx.emit('Concat', [part(0, 1), ctx.ints([-1]), part(2, 4)], { axis: 0 })
  return ctx.emit('Reshape', [ctx.emit('Expand', [ctx.emit('Unsqueeze', [x, ctx.ints([2])]), spread]), target])
}

/** One dimension of a value as a tensor of one element. */
export const dimension = (x: string, axis: number, ctx: ConvertContext): string =>
  ctx.emit('Shape', [x], axis === -1 ? { start: -1 } : { start: axis, end: axis + 1 })

/** 0 .. count - 1, count being a tensor of one element. */
export const range = (count: string, ctx: ConvertContext): string =>
  ctx.emit('Range', [ctx.int(0), ctx.emit('Squeeze', [count]), ctx.int(1)])

/** Where key j may be seen by query i: j <= i + offset, and j > i + offset - window where there is one. [S, T] or [B, 1, S, T]. */
export function causalMask(q: string, k: string, offset: string | undefined, ctx: ConvertContext, window = -1): string {
  let rows = ctx.emit('Unsqueeze', [range(dimension(q, 2, ctx), ctx), ctx.ints([1])])
  if (offset) rows = ctx.emit('Add', [rows, offset])
  const columns = range(dimension(k, 2, ctx), ctx)
  const causal = ctx.emit('LessOrEqual', [columns, rows])
  if (window < 0) return causal
  return ctx.emit('And', [causal, ctx.emit('Greater', [columns, ctx.emit('Sub', [rows, ctx.int(window)])])])
}

/** And of the masks that are there. */
export function allOf(masks: readonly (string | undefined)[], ctx: ConvertContext): string | undefined {
  const present = masks.filter((one): one is string => one !== undefined)
  return present.length === 0 ? undefined : present.reduce((left, right) => ctx.emit('And', [left, right]))
}
