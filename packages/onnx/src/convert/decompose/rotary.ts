/** @file Rotary position embedding in elementary operators. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import type { ConvertContext } from '../context.js'

export interface Rotation {
  readonly interleaved: boolean
  /** Leading features that are turned; 0 for all. */
  readonly width: number
}

/** Last-axis slice. */
const slice = (x: string, start: number, end: number, ctx: ConvertContext, step = 1): string =>
  ctx.emit('Slice', [x, ctx.ints([start]), ctx.ints([end]), ctx.ints([-1]), ctx.ints([step])])

const toEnd = Number.MAX_SAFE_INTEGER

/**
 * Turns pairs of features of x [..., size]: (a cos - b sin, a sin + b cos), the pairs being halves or neighbours.
 * cos and sin broadcast against x's halves.
 */
export function rotate(x: string, cos: string, sin: string, { interleaved, width }: Rotation, ctx: ConvertContext): string {
  const turned = width > 0 ? slice(x, 0, width, ctx) : x
  const rest = width > 0 ? slice(x, width, toEnd, ctx) : ''
  let [a, b]: [string, string] = ['', '']
  if (interleaved) [a, b] = [slice(turned, 0, toEnd, ctx, 2), slice(turned, 1, toEnd, ctx, 2)]
  else [a, b] = ctx.emitAll('Split', [turned], 2, { axis: -1, num_outputs: 2 }) as [string, string]
  const mul = (left: string, right: string): string => ctx.emit('Mul', [left, right])
  const real = ctx.emit('Sub', [mul(a, cos), mul(b, sin)])
  const imaginary = ctx.emit('Add', [mul(a, sin), mul(b, cos)])
  let joined: string
  if (interleaved) {
    const last = ctx.ints([-1])
    const pairs = ctx.emit('Concat', [ctx.emit('Unsqueeze', [real, last]), ctx.emit('Unsqueeze', [imaginary, last])], {
      axis: -1,
    })
    joined = ctx.emit('Reshape', [pairs, ctx.emit('Shape', [turned])])
  } else joined = ctx.emit('Concat', [real, imaginary], { axis: -1 })
  return rest ? ctx.emit('Concat', [joined, rest], { axis: -1 }) : joined
}

/** ai.onnx RotaryEmbedding of X [B, S, hidden] or [B, heads, S, size], caches [B, S, half] or [positions, half] with position_ids. */
export function rotaryEmbedding(node: Node, ctx: ConvertContext): undefined {
  const [x, cosCache, sinCache, positions = ''] = node.inputs as [string, string, string, string?]
  const heads = attribute(node, 'num_heads', 'int', 0)
  const rank = ctx.rank(x) ?? (heads > 0 ? 3 : 4)
  const options = {
    interleaved: attribute(node, 'interleaved', 'int', 0) === 1,
    width: attribute(node, 'rotary_embedding_dim', 'int', 0),
  }
  // Heads go second to last for [B, S, heads, size] and before the sequence for [B, heads, S, size].
  const axis = ctx.ints([rank === 3 ? 2 : 1])
  const cache = (name: string): string =>
    ctx.emit('Unsqueeze', [positions ? ctx.emit('Gather', [name, positions], { axis: 0 }) : name, axis])
  if (rank === 4) {
    ctx.emitTo(node.outputs, 'Identity', [rotate(x, cache(cosCache), cache(sinCache), options, ctx)])
    return
  }
  const split = ctx.emit('Reshape', [x, ctx.ints([0, 0, heads, -1])])
  ctx.emitTo(node.outputs, 'Reshape', [rotate(split, cache(cosCache), cache(sinCache), options, ctx), ctx.emit('Shape', [x])])
}
