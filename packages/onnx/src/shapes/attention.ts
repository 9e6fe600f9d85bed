/** @file ai.onnx Attention (newer than the normal form's opset, left as it is where it appears). */
import type { Dimension } from '../graph.js'
import { one } from './common.js'
import { addDims, divideDims, multiplyDims } from './dimension.js'
import type { ShapeRule, ShapeRules } from './rule.js'

const attention: ShapeRule = c => {
  const dtype = c.dtype(0)
  const [q, k, v] = [c.shape(0), c.shape(1), c.shape(2)]
  if (!q || !k || !v) return [...one(dtype, null), ...one(dtype, null), ...one(dtype, null), ...one(dtype, null)]
  const past: Dimension = c.has(4) ? (c.shape(4)?.[2] ?? null) : 0
  const flat = q.length === 3
  const heads: Dimension = flat ? (c.int('q_num_heads') ?? null) : q[1]!
  const kvHeads: Dimension = flat ? (c.int('kv_num_heads') ?? null) : k[1]!
  const [keyLength, queryLength] = flat ? [k[1]!, q[1]!] : [k[2]!, q[2]!]
  const total = addDims(past, keyLength)
  const size = (dims: readonly Dimension[]) => (flat ? divideDims(dims[2]!, kvHeads) : dims[3]!)
  const out = flat ? [q[0]!, queryLength, multiplyDims(heads, size(v))] : [q[0]!, heads, queryLength, size(v)]
  return [
    ...one(dtype, out),
    ...one(c.type(4)?.dtype ?? dtype, [q[0]!, kvHeads, total, size(k)]),
    ...one(c.type(5)?.dtype ?? dtype, [q[0]!, kvHeads, total, size(v)]),
    ...one(dtype, [q[0]!, heads, queryLength, total]),
  ]
}

export const attentionRules: ShapeRules = { Attention: attention }
