/** @file vit: a vision transformer with a patch stem or a convolutional one. */
import type { Architecture } from './architecture.js'
import { truncatedNormal } from './initializers.js'
import { attention } from './layers/attention.js'
import { batchNorm } from './layers/batch-norm.js'
import { convolution } from './layers/convolution.js'
import { layerNorm } from './layers/layer-norm.js'
import { linear } from './layers/linear.js'
import type { Network } from './network.js'

function perceptron(net: Network, x: string, width: number, hidden: number): string {
  const start = truncatedNormal()
  return linear(net, 'second', net.emit('Gelu', [linear(net, 'first', x, width, hidden, start)]), hidden, width, start)
}

/** Halves the picture once per convolution; widths double up to that of the tokens. */
function convolutionalStem(net: Network, x: string, channels: number, width: number, side: number, patch: number): string {
  const steps = Math.log2(patch)
  let [value, inputs, size] = [x, channels, side]
  for (let step = 0; step < steps; step++) {
    const outputs = width / 2 ** (steps - 1 - step)
    size = Math.ceil(size / 2)
    value = convolution(net, `conv${step + 1}`, value, { inputs, outputs, stride: 2 })
    if (step < steps - 1) value = net.emit('Relu', [batchNorm(net, `bn${step + 1}`, value, outputs, size * size)])
    inputs = outputs
  }
  return value
}

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
    stem: { kind: 'choice', default: 'convolutional', values: ['convolutional', 'patch'], describe: 'how patches become tokens' },
    dropout: { kind: 'number', default: 0, minimum: 0, maximum: 0.9, describe: 'share of branch outputs dropped in training' },
  },
  build(net, [x], { row, classes }, { width, depth, heads, patch, expansion, stem, dropout }) {
    const [channels, height] = row as [number, number, number]
    const side = Math.floor(height / patch)
    const tokens = side * side
    const grid = net.scoped('stem', () =>
      stem === 'convolutional'
        ? convolutionalStem(net, x!, channels, width, height, patch)
        : net.emit('Conv', [x!, net.parameter('weight', [width, channels, patch, patch], truncatedNormal())], {
            kernel_shape: [patch, patch],
            strides: [patch, patch],
          }),
    )
    const flat = net.emit('Transpose', [net.reshape(grid, [-1, width, tokens])], { perm: [0, 2, 1] })
    let value = net.emit('Add', [flat, net.parameter('positions', [1, tokens, width], truncatedNormal(), false)])
    const add = (branch: string): string => net.emit('Add', [value, net.dropout(branch, dropout, [tokens, width])])
    for (let index = 0; index < depth; index++)
      net.scoped(`block${index + 1}`, () => {
        value = add(attention(net, 'attention', layerNorm(net, 'norm1', value, width), tokens, width, heads))
        value = net.scoped('perceptron', () =>
          add(perceptron(net, layerNorm(net, 'norm2', value, width), width, expansion * width)),
        )
      })
    const pooled = net.emit('ReduceMean', [layerNorm(net, 'norm', value, width), net.builder.ints([1])], { keepdims: 0 })
    return linear(net, 'head', pooled, width, classes, truncatedNormal())
  },
  training: { optimizer: 'adamw', learningRate: 1e-3, weightDecay: 0.05, warmUp: 0.15 },
}
