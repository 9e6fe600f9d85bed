/** @file Attention and rotary position embedding, as ai.onnx defines them. */
import { attribute } from '../attributes.js'
import { ShapeError } from '../errors.js'
import type { Node } from '../graph.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { matmul, swapped } from './matrix.js'
import { softmax } from './softmax.js'
import { concat, map, map2, reshaped, transposed, view } from './strided.js'

/** [batch, length, heads * size] to [batch, heads, length, size]; an array that has four axes is taken to be split already. */
export function splitHeads(x: NdArray, heads: number): NdArray {
  if (x.dims.length === 4) return x
  const [batch, length, width] = x.dims as [number, number, number]
  if (width % heads !== 0) throw new ShapeError(`${width} features cannot be split into ${heads} heads`)
  return transposed(reshaped(x, [batch, length, heads, width / heads]), [0, 2, 1, 3])
}

/** [batch, heads, length, size] to [batch, length, heads * size]. */
export function joinHeads(x: NdArray): NdArray {
  const [batch, heads, length, size] = x.dims as [number, number, number, number]
  return reshaped(transposed(x, [0, 2, 1, 3]), [batch, length, heads * size])
}

/** Each head `times` times in a row: grouped queries share keys and values. */
function repeatHeads(x: NdArray, times: number): NdArray {
  const [batch, heads, length, size] = x.dims as [number, number, number, number]
  const block = length * size
  const wide = view(x, [batch, heads, times, length, size], [heads * block, block, 0, size, 1])
  return reshaped(wide, [batch, heads * times, length, size])
}

/** What is added to the scores: 0 for i >= j - shift, `masked` for keys that lie in the future. */
export function causalBias(queries: number, keys: number, shift: number, masked: number): NdArray {
  const data = Float64Array.from({ length: queries * keys }, (_, at) => (at % keys <= Math.floor(at / keys) + shift ? 0 : masked))
  return { dtype: 'float32', dims: [queries, keys], data }
}

export const addTo = (x: NdArray, bias: NdArray | undefined): NdArray => (bias ? map2(x, bias, (a, b) => a + b) : x)

/** Every stage of softmax(softcap(scale q k' + biases)) v, for q, k, v as [batch, heads, length, size]. */
export function attend(
  q: NdArray,
  k: NdArray,
  v: NdArray,
  options: { readonly scale: number; readonly softcap?: number; readonly biases: readonly (NdArray | undefined)[] },
): { products: NdArray; capped: NdArray; biased: NdArray; weights: NdArray; y: NdArray } {
  const groups = q.dims[1]! / k.dims[1]!
  const products = map(matmul(q, swapped(repeatHeads(k, groups))), x => x * options.scale)
  const cap = options.softcap ?? 0
  const capped = cap > 0 ? map(products, x => cap * Math.tanh(x / cap)) : products
  const biased = options.biases.reduce<NdArray>(addTo, capped)
  // A query that may see no key at all gets zero, as in ONNX Runtime, and not 0/0.
  const weights = map2(softmax(biased), biased, (w, score) => (score === Number.NEGATIVE_INFINITY ? 0 : w))
  return { products, capped, biased, weights, y: matmul(weights, repeatHeads(v, groups)) }
}

const withPast = (past: NdArray | undefined, now: NdArray): NdArray => (past ? concat([past, now], 2) : now)

/** A mask as something to add; a last axis shorter than the keys leaves the rest out. */
function maskBias(mask: NdArray, keys: number): NdArray {
  const bias = mask.dtype === 'bool' ? map(mask, x => (x ? 0 : Number.NEGATIVE_INFINITY), 'float32') : mask
  const had = bias.dims[bias.dims.length - 1]!
  if (had === keys || had === 1) return bias
  const dims = [...bias.dims.slice(0, -1), keys - had]
  const rest: NdArray = { dtype: 'float32', dims, data: new Float64Array(elementCount(dims)).fill(Number.NEGATIVE_INFINITY) }
  return concat([bias, rest], bias.dims.length - 1)
}

/** Keys beyond each batch row's length. */
function lengthBias(lengths: NdArray, keys: number): NdArray {
  const data = Float64Array.from({ length: lengths.data.length * keys }, (_, at) =>
    at % keys < lengths.data[Math.floor(at / keys)]! ? 0 : Number.NEGATIVE_INFINITY,
  )
  return { dtype: 'float32', dims: [lengths.data.length, 1, 1, keys], data }
}

const attention: OperatorEvaluation = ([query, key, value, mask, pastKey, pastValue, lengths], { node }) => {
  const flat = query!.dims.length === 3
  const kvHeads = attribute(node, 'kv_num_heads', 'int', 1)
  const q = splitHeads(query!, attribute(node, 'q_num_heads', 'int', 1))
  const k = withPast(pastKey, splitHeads(key!, kvHeads))
  const v = withPast(pastValue, splitHeads(value!, kvHeads))
  const [queries, keys] = [q.dims[2]!, k.dims[2]!]
  const causal = attribute(node, 'is_causal', 'int', 0) !== 0
  const stages = attend(q, k, v, {
    scale: attribute(node, 'scale', 'float') ?? 1 / Math.sqrt(q.dims[3]!),
    softcap: attribute(node, 'softcap', 'float', 0),
    biases: [
      mask && maskBias(mask, keys),
      lengths && lengthBias(lengths, keys),
      causal ? causalBias(queries, keys, pastKey?.dims[2] ?? 0, Number.NEGATIVE_INFINITY) : undefined,
    ],
  })
  const shown = [stages.products, stages.capped, stages.biased, stages.weights]
  return [flat ? joinHeads(stages.y) : stages.y, k, v, shown[attribute(node, 'qk_matmul_output_mode', 'int', 0)]!]
}

/**
 * Rotates pairs of the first `width` features of [batch, heads, length, size] by the angles whose cosines and sines are in the
 * tables: pair i is (i, i + width/2), or (2i, 2i + 1) where interleaved. `row` gives the tables' row for a batch row and position.
 */
export function rotate(
  x: NdArray,
  cos: NdArray,
  sin: NdArray,
  options: { readonly width: number; readonly interleaved: boolean; readonly row: (batch: number, position: number) => number },
): NdArray {
  const [, heads, length, size] = x.dims as [number, number, number, number]
  const half = options.width / 2
  const data = Float64Array.from(x.data)
  for (let line = 0; line < data.length / size; line++) {
    const row = options.row(Math.floor(line / (heads * length)), line % length)
    for (let i = 0; i < half; i++) {
      const a = line * size + (options.interleaved ? 2 * i : i)
      const b = options.interleaved ? a + 1 : a + half
      const [c, s] = [cos.data[row * half + i]!, sin.data[row * half + i]!]
      data[a] = x.data[a]! * c - x.data[b]! * s
      data[b] = x.data[a]! * s + x.data[b]! * c
    }
  }
  return { ...x, data }
}

/** `rotate` with the attributes of a RotaryEmbedding node. Three axes in, three axes out. */
export function rotaryNode(x: NdArray, cos: NdArray, sin: NdArray, row: (b: number, t: number) => number, node: Node): NdArray {
  const given = attribute(node, 'rotary_embedding_dim', 'int', 0)
  const named = attribute(node, 'num_heads', 'int', 0)
  const tables = 2 * cos.dims[cos.dims.length - 1]!
  const heads = named || (x.dims.length === 3 ? x.dims[2]! / (given || tables) : 1)
  const split = splitHeads(x, heads)
  const width = given || split.dims[3]!
  const turned = rotate(split, cos, sin, { width, interleaved: attribute(node, 'interleaved', 'int', 0) !== 0, row })
  return x.dims.length === 3 ? joinHeads(turned) : turned
}

export const attentions: OperatorEvaluations = {
  Attention: attention,
  RotaryEmbedding: ([x, cos, sin, positions], { node }) => {
    const length = x!.dims.length === 3 ? x!.dims[1]! : x!.dims[2]!
    const row = (b: number, t: number): number => (positions ? positions.data[b * length + t]! : b * length + t)
    return [rotaryNode(x!, cos!, sin!, row, node)]
  },
}
