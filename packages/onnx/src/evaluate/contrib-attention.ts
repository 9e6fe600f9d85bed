/** @file Attention operators of com.microsoft. */
import { attribute } from '../attributes.js'
import { NotEvaluableError } from '../errors.js'
import type { Node } from '../graph.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { addTo, attend, causalBias, joinHeads, rotaryNode, rotate, splitHeads } from './attention.js'
import { matmul } from './matrix.js'
import { concat, map, narrow, reshaped } from './strided.js'

/**
 * What a key mask adds to the scores. Masks of rank 2 and 3 hold 1 for keys to use; one of rank 1 holds each row's length, or the
 * ends and then the starts of what to use.
 */
function keyMaskBias(mask: NdArray, batch: number, keys: number, filter: number): NdArray {
  const rank = mask.dims.length
  const rest = mask.dims.slice(1)
  if (rank === 2 || rank === 3) {
    const dims = rank === 2 ? [batch, 1, 1, rest[0]!] : [batch, 1, rest[0]!, rest[1]!]
    return map(reshaped(mask, dims), x => (x > 0 ? 0 : filter), 'float32')
  }
  if (rank !== 1 || mask.data.length > 2 * batch)
    throw new NotEvaluableError(`a key mask of dimensions [${mask.dims}] is not in the reference evaluator`)
  const data = Float64Array.from({ length: batch * keys }, (_, at) => {
    const row = Math.floor(at / keys)
    return at % keys < mask.data[row]! && at % keys >= (mask.data[row + batch] ?? 0) ? 0 : filter
  })
  return { dtype: 'float32', dims: [batch, 1, 1, keys], data }
}

interface Parts {
  readonly q: NdArray
  readonly k: NdArray
  readonly v: NdArray
  readonly mask: NdArray | undefined
  readonly bias: NdArray | undefined
}

function attendNode({ q, k, v, mask, bias }: Parts, node: Node): { y: NdArray; products: NdArray } {
  const [batch, , queries, size] = q.dims as [number, number, number, number]
  const keys = k.dims[2]!
  const filter = attribute(node, 'mask_filter_value', 'float', -10000)
  const scale = attribute(node, 'scale', 'float', 0)
  const causal = attribute(node, 'unidirectional', 'int', 0) !== 0
  const { y, biased } = attend(q, k, v, {
    scale: scale || 1 / Math.sqrt(size),
    biases: [
      mask && keyMaskBias(mask, batch, keys, filter),
      causal ? causalBias(queries, keys, keys - queries, Number.NEGATIVE_INFINITY) : undefined,
      bias,
    ],
  })
  return { y: joinHeads(y), products: biased }
}

/** Adds a vector to the last axis, from `start`. */
const withBias = (x: NdArray, bias: NdArray | undefined, start: number): NdArray =>
  bias ? addTo(x, narrow(bias, 0, start, x.dims[x.dims.length - 1]!)) : x

const attention: OperatorEvaluation = ([x, weights, bias, mask, past, scores], { node }) => {
  if (attribute(node, 'do_rotary', 'int', 0))
    throw new NotEvaluableError('Attention with do_rotary is not in the reference evaluator')
  const heads = attribute(node, 'num_heads', 'int', 1)
  const third = weights!.dims[1]! / 3
  const sizes = attribute(node, 'qkv_hidden_sizes', 'ints') ?? [third, third, third]
  const all = addTo(matmul(x!, weights!), bias)
  let start = 0
  const [q, k0, v0] = sizes.map(size => splitHeads(narrow(all, 2, (start += size) - size, size), heads)) as [
    NdArray,
    NdArray,
    NdArray,
  ]
  const previous = (index: number, now: NdArray): NdArray =>
    past ? concat([reshaped(narrow(past, 0, index, 1), past.dims.slice(1)), now], 2) : now
  const [k, v] = [previous(0, k0), previous(1, v0)]
  const { y } = attendNode({ q, k, v, mask, bias: scores }, node)
  const present = concat([reshaped(k, [1, ...k.dims]), reshaped(v, [1, ...v.dims])], 0)
  return [y, present]
}

/** Query, key and value of packed [batch, length, heads, count, size], each as [batch, heads, length, size]. */
function unpack(x: NdArray): NdArray[] {
  const [batch, length, heads, count, size] = x.dims as [number, number, number, number, number]
  return Array.from({ length: count }, (_, i) => splitHeads(reshaped(narrow(x, 3, i, 1), [batch, length, heads * size]), heads))
}

const multiHeadAttention: OperatorEvaluation = ([query, key, value, bias, mask, scores, pastKey, pastValue], { node }) => {
  const heads = attribute(node, 'num_heads', 'int', 1)
  const projected = (x: NdArray, start: number): NdArray =>
    x.dims.length === 4 ? x : splitHeads(withBias(x, bias, start), heads)
  const [q, k0, v0] =
    query!.dims.length === 5
      ? unpack(query!)
      : key!.dims.length === 5
        ? [projected(query!, 0), ...unpack(key!)]
        : [projected(query!, 0), projected(key!, query!.dims[2]!), projected(value!, 2 * query!.dims[2]!)]
  const k = pastKey ? concat([pastKey, k0!], 2) : k0!
  const v = pastValue ? concat([pastValue, v0!], 2) : v0!
  const { y, products } = attendNode({ q: q!, k, v, mask, bias: scores }, node)
  return [y, k, v, products]
}

/** Of keys that a query at position p may see, those before p - window + 1 are left out. */
function windowBias(queries: number, keys: number, window: number): NdArray | undefined {
  if (window < 0) return undefined
  const far = (at: number): boolean => (at % keys) + window <= Math.floor(at / keys) + keys - queries
  const data = Float64Array.from({ length: queries * keys }, (_, at) => (far(at) ? Number.NEGATIVE_INFINITY : 0))
  return { dtype: 'float32', dims: [queries, keys], data }
}

/** Causal attention with shared keys and a cache. Every row of the batch must use the whole cache. */
const groupQueryAttention: OperatorEvaluation = (inputs, { node }) => {
  const [query, key, value, pastKey, pastValue, lengths, , cos, sin, positions, scores, sink] = inputs
  const heads = attribute(node, 'num_heads', 'int', 1)
  const shared = attribute(node, 'kv_num_heads', 'int', 1)
  const [, queries, width] = query!.dims as [number, number, number]
  const size = key ? width / heads : width / (heads + 2 * shared)
  const part = (start: number, count: number): NdArray => splitHeads(narrow(query!, 2, start * size, count * size), count)
  const past = pastKey?.dims[2] ?? 0
  const unusual = sink || attribute(node, 'smooth_softmax', 'int', 0) || lengths!.data.some(last => last + 1 !== past + queries)
  if (unusual)
    throw new NotEvaluableError(`GroupQueryAttention "${node.name}": sinks and ragged batches are not in the reference evaluator`)
  const row = (b: number, t: number): number => positions?.data[b * queries + t] ?? past + t
  const turned = (x: NdArray): NdArray =>
    attribute(node, 'do_rotary', 'int', 0)
      ? rotate(x, cos!, sin!, {
          width: 2 * cos!.dims[1]!,
          interleaved: attribute(node, 'rotary_interleaved', 'int', 0) !== 0,
          row,
        })
      : x
  const q = turned(key ? splitHeads(query!, heads) : part(0, heads))
  const k0 = turned(key ? splitHeads(key, shared) : part(heads, shared))
  const v0 = key ? splitHeads(value!, shared) : part(heads + shared, shared)
  const k = pastKey ? concat([pastKey, k0], 2) : k0
  const v = pastValue ? concat([pastValue, v0], 2) : v0
  const { y } = attend(q, k, v, {
    scale: attribute(node, 'scale', 'float', 0) || 1 / Math.sqrt(size),
    softcap: attribute(node, 'softcap', 'float', 0),
    biases: [
      causalBias(queries, k.dims[2]!, past, Number.NEGATIVE_INFINITY),
      windowBias(queries, k.dims[2]!, attribute(node, 'local_window_size', 'int', -1)),
      scores,
    ],
  })
  return [joinHeads(y), k, v]
}

export const contribAttention: OperatorEvaluations = {
  'com.microsoft:Attention': attention,
  'com.microsoft:MultiHeadAttention': multiHeadAttention,
  'com.microsoft:GroupQueryAttention': groupQueryAttention,
  'com.microsoft:RotaryEmbedding': ([x, positions, cos, sin], { node }) => {
    const length = x!.dims.length === 3 ? x!.dims[1]! : x!.dims[2]!
    const first = positions!.data[0]!
    const row = (b: number, t: number): number => (positions!.data.length === 1 ? first + t : positions!.data[b * length + t]!)
    return [rotaryNode(x!, cos!, sin!, row, node)]
  },
}
