/** @file Attention, MultiHeadAttention and GroupQueryAttention of com.microsoft. */
import { attribute } from '../../attributes.js'
import { dataTypes } from '../../dtype.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { causalMask, dimension, mergeHeads, range, repeatHeads, scaledDotProduct, splitHeads } from './attention-core.js'
import type { Decompositions } from './index.js'
import { rotate } from './rotary.js'

interface Parts {
  readonly q: string
  readonly k: string
  readonly v: string
  /** Dimension of the sequence before the keys given, where there is one. */
  readonly past: string | undefined
  readonly mask: string
  readonly bias: string
}

/** What both full-attention operators do once q, k and v are there, each [B, heads, length, size]. */
function attend(node: Node, { q, k, v, past, mask, bias }: Parts, ctx: ConvertContext): ReturnType<typeof scaledDotProduct> {
  const masks = [bias, mask ? maskBias(node, mask, q, k, ctx) : ''].filter(Boolean)
  const causal = attribute(node, 'unidirectional', 'int', 0) === 1
  return scaledDotProduct(
    {
      q,
      k,
      v,
      scale: attribute(node, 'scale', 'float', 0) || undefined,
      softcap: 0,
      bias: masks.length === 0 ? undefined : masks.reduce((left, right) => ctx.emit('Add', [left, right])),
      allowed: causal ? causalMask(q, k, past, ctx) : undefined,
    },
    ctx,
  )
}

/**
 * What is added to the scores for a mask: 0 where a key counts, mask_filter_value where not. The mask is one flag per key
 * [B, T], per query and key [B, S, T] or [B, 1, S', T'], or the number of keys that count [B], perhaps followed by the first one's place.
 */
function maskBias(node: Node, mask: string, q: string, k: string, ctx: ConvertContext): string {
  const rank = ctx.rank(mask)
  if (rank === undefined) ctx.fail('needs the rank of its mask to be known')
  let counts: string
  if (rank === 1) counts = lengthMask(node, mask, k, ctx)
  else {
    const flags = ctx.dtype(mask) === 'bool' ? mask : ctx.emit('Greater', [mask, ctx.emit('CastLike', [ctx.int(0), mask])])
    if (rank === 4) {
      const ends = ctx.emit('Concat', [dimension(q, 2, ctx), dimension(k, 2, ctx)], { axis: 0 })
      counts = ctx.emit('Slice', [flags, ctx.ints([0, 0]), ends, ctx.ints([2, 3])])
    } else counts = ctx.emit('Unsqueeze', [flags, ctx.ints(rank === 2 ? [1, 2] : [1])])
  }
  return ctx.emit('Where', [counts, ctx.float(0), ctx.float(attribute(node, 'mask_filter_value', 'float', -10000))])
}

function lengthMask(node: Node, mask: string, k: string, ctx: ConvertContext): string {
  const [batch, length] = [ctx.shape(node.inputs[0]!)?.[0], ctx.shape(mask)?.[0]]
  const ratio = typeof batch === 'number' && typeof length === 'number' ? length / batch : 1
  if (ratio !== 1 && ratio !== 2) ctx.fail(`has a mask of ${length} lengths for ${batch} rows, a form that is not known`)
  const columns = range(dimension(k, 2, ctx), ctx)
  const perRow = (x: string): string =>
    ctx.emit('Reshape', [ctx.emit('Cast', [x], { to: dataTypes.int64.code }), ctx.ints([-1, 1, 1, 1])])
  if (ratio === 1) return ctx.emit('Less', [columns, perRow(mask)])
  const [ends, starts] = ctx.emitAll('Split', [mask], 2, { axis: 0, num_outputs: 2 }) as [string, string]
  return ctx.emit('And', [ctx.emit('Less', [columns, perRow(ends)]), ctx.emit('GreaterOrEqual', [columns, perRow(starts)])])
}

/** Equal parts of the last axis, or parts of the sizes given. */
function parts(x: string, count: number, sizes: readonly number[] | undefined, ctx: ConvertContext): string[] {
  const plain = { axis: -1, ...(sizes ? {} : { num_outputs: count }) }
  return ctx.emitAll('Split', sizes ? [x, ctx.ints(sizes)] : [x], count, plain)
}

const joined = (past: string, x: string, ctx: ConvertContext): string => (past ? ctx.emit('Concat', [past, x], { axis: 2 }) : x)

/** Packed projections: x W + b holds q, k and v side by side. */
function packedAttention(node: Node, ctx: ConvertContext): void {
  const [x, weight, bias = '', mask = '', past = '', scores = ''] = node.inputs as string[]
  if (attribute(node, 'do_rotary', 'int', 0)) ctx.fail('with rotary embedding is not known')
  const heads = attribute(node, 'num_heads', 'int', 1)
  const product = ctx.emit('MatMul', [x!, weight!])
  const projected = bias ? ctx.emit('Add', [product, bias]) : product
  const sizes = attribute(node, 'qkv_hidden_sizes', 'ints')
  const [q, k0, v0] = parts(projected, 3, sizes, ctx).map(one => splitHeads(one, heads, ctx)) as [string, string, string]
  const before = (index: number): string => (past ? ctx.emit('Gather', [past, ctx.int(index)], { axis: 0 }) : '')
  const k = joined(before(0), k0, ctx)
  const v = joined(before(1), v0, ctx)
  if (node.outputs[1]) {
    const axis = ctx.ints([0])
    ctx.emitTo([node.outputs[1]], 'Concat', [ctx.emit('Unsqueeze', [k, axis]), ctx.emit('Unsqueeze', [v, axis])], { axis: 0 })
  }
  const pastLength = past ? dimension(past, 3, ctx) : undefined
  mergeHeads(attend(node, { q, k, v, past: pastLength, mask, bias: scores }, ctx).output, [node.outputs[0]!], ctx)
}

/** Separate q, k and v [B, length, hidden]; or k and v, or all three, packed as [B, length, heads, 2 or 3, size]; or k and v split by head. */
function multiHeadAttention(node: Node, ctx: ConvertContext): void {
  const [query, key = '', value = '', bias = '', mask = '', scores = '', pastKey = '', pastValue = ''] = node.inputs as string[]
  const heads = attribute(node, 'num_heads', 'int', 1)
  const picked = (x: string, index: number): string =>
    ctx.emit('Transpose', [ctx.emit('Gather', [x, ctx.int(index)], { axis: 3 })], { perm: [0, 2, 1, 3] })
  const last = (x: string): number | undefined => {
    const size = ctx.shape(x)?.[2]
    return typeof size === 'number' ? size : undefined
  }
  const [q0, v0] = [last(query!), value ? last(value) : undefined]
  const biases = bias
    ? parts(bias, 3, q0 !== undefined && v0 !== undefined && q0 !== v0 && ctx.rank(value) === 3 ? [q0, q0, v0] : undefined, ctx)
    : []
  const project = (x: string, index: number): string => {
    if (ctx.rank(x) === 4) return x
    return splitHeads(biases[index] ? ctx.emit('Add', [x, biases[index]]) : x, heads, ctx)
  }
  const q = key ? project(query!, 0) : picked(query!, 0)
  const k1 = !key ? picked(query!, 1) : value ? project(key, 1) : picked(key, 0)
  const v1 = !key ? picked(query!, 2) : value ? project(value, 2) : picked(key, 1)
  const k = joined(pastKey, k1, ctx)
  const v = joined(pastValue, v1, ctx)
  const [output, presentKey, presentValue, qk] = node.outputs
  if (presentKey) ctx.emitTo([presentKey], 'Identity', [k])
  if (presentValue) ctx.emitTo([presentValue], 'Identity', [v])
  const past = pastKey ? dimension(pastKey, 2, ctx) : undefined
  const stages = attend(node, { q, k, v, past, mask, bias: scores }, ctx)
  mergeHeads(stages.output, [output!], ctx)
  if (qk) ctx.emitTo([qk], 'Identity', [stages.raw])
}

/** Always causal, query heads sharing key heads; the whole past is taken as valid. */
function groupQueryAttention(node: Node, ctx: ConvertContext): void {
  const [query, key = '', value = '', pastKey = '', pastValue = '', , , cos = '', sin = '', ids = '', scores = '', sink = ''] =
    node.inputs as string[]
  if (sink || attribute(node, 'smooth_softmax', 'int', 0) > 0) ctx.fail('with a smoothed softmax is not known')
  const heads = attribute(node, 'num_heads', 'int', 1)
  const kvHeads = attribute(node, 'kv_num_heads', 'int', heads)
  let flat = [query!, key, value]
  if (!key) {
    const hidden = ctx.shape(query!)?.[2]
    if (typeof hidden !== 'number') ctx.fail('needs the size of its packed input to be known')
    const size = (hidden as number) / (heads + 2 * kvHeads)
    flat = parts(query!, 3, [heads * size, kvHeads * size, kvHeads * size], ctx)
  }
  let q = splitHeads(flat[0]!, heads, ctx)
  let k = splitHeads(flat[1]!, kvHeads, ctx)
  const past = pastKey ? dimension(pastKey, 2, ctx) : undefined
  if (attribute(node, 'do_rotary', 'int', 0)) {
    const steps = range(dimension(q, 2, ctx), ctx)
    const positions = ids || (past ? ctx.emit('Add', [steps, past]) : steps)
    const cache = (name: string): string => ctx.emit('Unsqueeze', [ctx.emit('Gather', [name, positions]), ctx.ints([-3])])
    const [c, s] = [cache(cos), cache(sin)]
    const options = { interleaved: attribute(node, 'rotary_interleaved', 'int', 0) === 1, width: rotaryWidth(q, cos, ctx) }
    q = rotate(q, c, s, options, ctx)
    k = rotate(k, c, s, options, ctx)
  }
  k = joined(pastKey, k, ctx)
  let v = joined(pastValue, splitHeads(flat[2]!, kvHeads, ctx), ctx)
  const [output, presentKey, presentValue] = node.outputs
  if (presentKey) ctx.emitTo([presentKey], 'Identity', [k])
  if (presentValue) ctx.emitTo([presentValue], 'Identity', [v])
  if (heads !== kvHeads) {
    const group = ctx.ints([heads / kvHeads])
    k = repeatHeads(k, group, ctx)
    v = repeatHeads(v, group, ctx)
  }
  const stages = scaledDotProduct(
    {
      q,
      k,
      v,
      scale: attribute(node, 'scale', 'float', 0) || undefined,
      softcap: attribute(node, 'softcap', 'float', 0),
      bias: scores || undefined,
      allowed: causalMask(q, k, past, ctx, attribute(node, 'local_window_size', 'int', -1)),
    },
    ctx,
  )
  mergeHeads(stages.output, [output!], ctx)
}

/** Features that are turned: twice the table's width, 0 where that is all of them. */
function rotaryWidth(q: string, cos: string, ctx: ConvertContext): number {
  const [half, size] = [ctx.shape(cos)?.[1], ctx.shape(q)?.[3]]
  return typeof half === 'number' && typeof size === 'number' && 2 * half < size ? 2 * half : 0
}

export const headDecompositions: Decompositions = {
  'com.microsoft:Attention': packedAttention,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
}
