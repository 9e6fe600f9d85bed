/** @file EmbedLayerNormalization and RotaryEmbedding of com.microsoft. */
import { attribute } from '../../attributes.js'
import { dataTypes } from '../../dtype.js'
import { Tensor } from '../../tensor.js'
import { dimension, range } from './attention-core.js'
import type { Decompositions } from './index.js'
import { rotate } from './rotary.js'

export const embeddingDecompositions: Decompositions = {
  'com.microsoft:EmbedLayerNormalization'(node, ctx) {
    const [ids, segments = '', words, places, kinds = '', gamma, beta, mask = '', given = ''] = node.inputs as string[]
    const positions = given || range(dimension(ids!, 1, ctx), ctx)
    let sum = ctx.emit('Add', [ctx.emit('Gather', [words!, ids!]), ctx.emit('Gather', [places!, positions])])
    if (segments && kinds) sum = ctx.emit('Add', [sum, ctx.emit('Gather', [kinds, segments])])
    const [output, maskIndex, embeddings] = node.outputs
    ctx.emitTo([output!], 'LayerNormalization', [sum, gamma!, beta!], {
      axis: -1,
      epsilon: attribute(node, 'epsilon', 'float', 1e-12),
    })
    if (maskIndex && mask) ctx.emitTo([maskIndex], 'ReduceSum', [mask, ctx.ints([1])], { keepdims: 0 })
    else if (maskIndex)
      ctx.emitTo([maskIndex], 'ConstantOfShape', [dimension(ids!, 0, ctx)], { value: Tensor.from('int32', [1], [0]) })
    if (embeddings) ctx.emitTo([embeddings], 'Identity', [sum])
  },
  /** Positions are given per token, or as the first one's. */
  'com.microsoft:RotaryEmbedding'(node, ctx) {
    const [x, ids, cosCache, sinCache] = node.inputs as [string, string, string, string]
    if (attribute(node, 'is_packed_batching', 'int', 0)) ctx.fail('of packed batches is not known')
    const heads = attribute(node, 'num_heads', 'int', 0)
    const width = attribute(node, 'rotary_embedding_dim', 'int', 0)
    const flat = (ctx.rank(x) ?? 3) === 3
    const options = { interleaved: attribute(node, 'interleaved', 'int', 0) === 1, width }
    const half = ctx.shape(cosCache)?.[1]
    if (flat && heads === 0 && typeof half !== 'number') ctx.fail('needs the size of its cosine table to be known')
    const split = flat ? ctx.emit('Reshape', [x, ctx.ints(heads > 0 ? [0, 0, heads, -1] : [0, 0, -1, 2 * (half as number)])]) : x
    const long = ctx.emit('Cast', [ids], { to: dataTypes.int64.code })
    const positions = ctx.rank(ids) === 1 ? ctx.emit('Add', [range(dimension(x, flat ? 1 : 2, ctx), ctx), long]) : long
    // [S, half] or [B, S, half], with the heads' axis put in.
    const axis = ctx.ints([flat ? -2 : -3])
    const cache = (name: string): string => ctx.emit('Unsqueeze', [ctx.emit('Gather', [name, positions]), axis])
    const turned = rotate(split, cache(cosCache), cache(sinCache), options, ctx)
    if (flat) ctx.emitTo(node.outputs, 'Reshape', [turned, ctx.emit('Shape', [x])])
    else ctx.emitTo(node.outputs, 'Identity', [turned])
  },
}
