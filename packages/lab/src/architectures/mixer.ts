/** @file mixer: perceptrons over tokens and over channels in turn. */
import type { Architecture } from './architecture.js'
import { requireTiling, squarePicture } from './checks.js'
import { truncatedNormal } from './initializers.js'
import { layerNorm } from './layers/layer-norm.js'
import { linear } from './layers/linear.js'
import { perceptron } from './layers/perceptron.js'
import { stem, stemOption } from './layers/stem.js'

/**
 * Tokens of one patch each; blocks of a perceptron over the tokens of each channel and one over the channels of each token, each after
 * layer norm and added to its input; layer norm, mean over tokens, linear. Tolstikhin et al., NeurIPS 2021.
 */
export const mixer: Architecture = {
  name: 'mixer',
  summary: 'perceptrons over tokens and over channels in turn',
  citation: 'Tolstikhin et al.: MLP-Mixer: An all-MLP Architecture for Vision, NeurIPS 2021',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 96, minimum: 1, integer: true, describe: 'numbers per token' },
    depth: { kind: 'number', default: 4, minimum: 1, integer: true, describe: 'blocks' },
    patch: { kind: 'number', default: 8, minimum: 1, integer: true, describe: 'pixels along a side of a token' },
    tokens: { kind: 'number', default: 48, minimum: 1, integer: true, describe: 'hidden width of the perceptron over tokens' },
    expansion: { kind: 'number', default: 4, minimum: 1, describe: 'hidden width of the one over channels, over that of tokens' },
    stem: stemOption,
    dropout: { kind: 'number', default: 0, minimum: 0, maximum: 0.9, describe: 'share of branch outputs dropped in training' },
  },
  build(net, [x], task, { width, depth, patch, tokens: tokenHidden, expansion, stem: kind, dropout }) {
    const { channels, side } = squarePicture('mixer', task)
    requireTiling('mixer', patch, side)
    const tokens = (side / patch) ** 2
    const grid = stem(net, 'mixer', kind, x!, { channels, side, width, patch, bias: true })
    const swapped = (value: string): string => net.emit('Transpose', [value], { perm: [0, 2, 1] })
    let value = swapped(net.reshape(grid, [-1, width, tokens]))
    const add = (branch: string): string => net.emit('Add', [value, net.dropout(branch, dropout, [tokens, width])])
    for (let index = 0; index < depth; index++)
      net.scoped(`block${index + 1}`, () => {
        const across = swapped(layerNorm(net, 'norm1', value, width))
        value = add(swapped(net.scoped('tokens', () => perceptron(net, across, tokens, tokenHidden))))
        const within = layerNorm(net, 'norm2', value, width)
        value = add(net.scoped('channels', () => perceptron(net, within, width, Math.round(expansion * width))))
      })
    const pooled = net.emit('ReduceMean', [layerNorm(net, 'norm', value, width), net.builder.ints([1])], { keepdims: 0 })
    return linear(net, 'head', pooled, width, task.classes, truncatedNormal())
  },
  training: { optimizer: 'adamw', learningRate: 3e-3, weightDecay: 0.05, warmUp: 0.15 },
}
