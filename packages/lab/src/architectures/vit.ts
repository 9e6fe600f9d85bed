/** @file vit: a vision transformer with a patch stem or a convolutional one. */
import type { Architecture } from './architecture.js'
import { requireMultiple, requireTiling, squarePicture } from './checks.js'
import { truncatedNormal } from './initializers.js'
import { attention } from './layers/attention.js'
import { layerNorm } from './layers/layer-norm.js'
import { linear } from './layers/linear.js'
import { perceptron } from './layers/perceptron.js'
import { stem, stemOption } from './layers/stem.js'

/**
 * Tokens of one patch each, learned positions, pre-norm blocks of attention and a two-layer perceptron, mean over tokens, linear.
 * Dosovitskiy et al., ICLR 2021; the convolutional stem: Xiao et al., NeurIPS 2021 (plain patches train badly on small data).
 */
export const vit: Architecture = {
  name: 'vit',
  summary: 'vision transformer with a convolutional stem or plain patches, mean over tokens',
  citation: 'Dosovitskiy et al., ICLR 2021; Xiao et al.: Early Convolutions Help Transformers See Better, NeurIPS 2021',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 96, minimum: 4, integer: true, describe: 'numbers per token' },
    depth: { kind: 'number', default: 4, minimum: 1, integer: true, describe: 'blocks' },
    heads: { kind: 'number', default: 4, minimum: 1, integer: true, describe: 'attention heads' },
    patch: { kind: 'number', default: 8, minimum: 1, integer: true, describe: 'pixels along a side of a token' },
    expansion: { kind: 'number', default: 2, minimum: 1, describe: 'hidden width of the perceptron over that of tokens' },
    stem: stemOption,
    dropout: { kind: 'number', default: 0, minimum: 0, maximum: 0.9, describe: 'share of branch outputs dropped in training' },
  },
  build(net, [x], task, { width, depth, heads, patch, expansion, stem: kind, dropout }) {
    const { channels, side } = squarePicture('vit', task)
    requireMultiple('vit', 'width', width, heads, 'the heads share it')
    requireTiling('vit', patch, side)
    const tokens = (side / patch) ** 2
    const hidden = Math.round(expansion * width)
    const grid = stem(net, 'vit', kind, x!, { channels, side, width, patch })
    const flat = net.emit('Transpose', [net.reshape(grid, [-1, width, tokens])], { perm: [0, 2, 1] })
    let value = net.emit('Add', [flat, net.parameter('positions', [1, tokens, width], truncatedNormal(), false)])
    const add = (branch: string): string => net.emit('Add', [value, net.dropout(branch, dropout, [tokens, width])])
    for (let index = 0; index < depth; index++)
      net.scoped(`block${index + 1}`, () => {
        value = add(attention(net, 'attention', layerNorm(net, 'norm1', value, width), tokens, width, heads))
        value = net.scoped('perceptron', () => add(perceptron(net, layerNorm(net, 'norm2', value, width), width, hidden)))
      })
    const pooled = net.emit('ReduceMean', [layerNorm(net, 'norm', value, width), net.builder.ints([1])], { keepdims: 0 })
    return linear(net, 'head', pooled, width, task.classes, truncatedNormal())
  },
  training: { optimizer: 'adamw', learningRate: 1e-3, weightDecay: 0.05, warmUp: 0.15 },
}
