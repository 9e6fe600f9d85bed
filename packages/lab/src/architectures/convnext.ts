/** @file convnext: depthwise 7x7 convolutions and perceptrons over channels, with layer norm. */
import type { Architecture } from './architecture.js'
import { requireHalvings, requireOdd, requireTiling, squarePicture } from './checks.js'
import { constant, truncatedNormal } from './initializers.js'
import { convolution } from './layers/convolution.js'
import { layerNorm } from './layers/layer-norm.js'
import { linear } from './layers/linear.js'
import { perceptron } from './layers/perceptron.js'
import { patches, stem, stemOption } from './layers/stem.js'
import type { Network } from './network.js'

const channelsLast = { perm: [0, 2, 3, 1] }
const channelsFirst = { perm: [0, 3, 1, 2] }

/** Layer norm over the channels at each place of [N, C, H, W]. */
function channelNorm(net: Network, name: string, x: string, width: number): string {
  const last = net.emit('Transpose', [x], channelsLast)
  return net.emit('Transpose', [layerNorm(net, name, last, width)], channelsFirst)
}

interface Block {
  readonly width: number
  readonly hidden: number
  readonly kernel: number
  readonly scale: number
}

/** x + s perceptron(norm(depthwise(x))), s learned per channel. */
function block(net: Network, x: string, { width, hidden, kernel, scale }: Block): string {
  const depthwise = { inputs: width, outputs: width, groups: width, kernel, bias: true, initialize: truncatedNormal() }
  const mixed = net.emit('Transpose', [convolution(net, 'depthwise', x, depthwise)], channelsLast)
  const branch = perceptron(net, layerNorm(net, 'norm', mixed, width), width, hidden)
  const scaled = net.emit('Mul', [branch, net.parameter('scale', [width], constant(scale), false)])
  return net.emit('Add', [x, net.emit('Transpose', [scaled], channelsFirst)])
}

/**
 * A stem, stages of blocks, between stages layer norm and a 2x2 convolution of stride 2 that doubles the width; mean over places, layer
 * norm, linear. Liu et al., CVPR 2022; branches start at 0.1 of their size, as Touvron et al. (Going deeper with Image Transformers,
 * ICCV 2021) advise for networks of fewer than 18 blocks.
 */
export const convnext: Architecture = {
  name: 'convnext',
  summary: 'depthwise 7x7 convolutions and perceptrons over channels, with layer norm and layer scale',
  citation: 'Liu et al.: A ConvNet for the 2020s, CVPR 2022',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 48, minimum: 1, integer: true, describe: 'channels of the first stage' },
    stages: {
      kind: 'number',
      default: 2,
      minimum: 1,
      integer: true,
      describe: 'stages, each at half the size of the one before',
    },
    blocks: { kind: 'number', default: 2, minimum: 1, integer: true, describe: 'blocks per stage' },
    kernel: { kind: 'number', default: 7, minimum: 1, integer: true, describe: 'side of the depthwise kernel, odd' },
    expansion: { kind: 'number', default: 4, minimum: 1, describe: 'hidden width of the perceptron over that of its input' },
    patch: {
      kind: 'number',
      default: 4,
      minimum: 1,
      integer: true,
      describe: 'pixels along a side of a place of the first stage',
    },
    stem: stemOption,
    scale: { kind: 'number', default: 0.1, minimum: 0, describe: 'factor that every branch starts with' },
  },
  build(net, [x], task, { width, stages, blocks, kernel, expansion, patch, stem: kind, scale }) {
    const { channels, side } = squarePicture('convnext', task)
    requireOdd('convnext', kernel)
    requireTiling('convnext', patch, side)
    requireHalvings('convnext', stages, side / patch)
    let value = stem(net, 'convnext', kind, x!, { channels, side, width, patch, bias: true })
    value = channelNorm(net, 'stem.norm', value, width)
    let inputs = width
    for (let stage = 0; stage < stages; stage++) {
      const outputs = width * 2 ** stage
      net.scoped(`stage${stage + 1}`, () => {
        if (stage > 0)
          value = net.scoped('down', () => patches(net, channelNorm(net, 'norm', value, inputs), inputs, outputs, 2, true))
        const sizes = { width: outputs, hidden: Math.round(expansion * outputs), kernel, scale }
        for (let index = 0; index < blocks; index++) value = net.scoped(`block${index + 1}`, () => block(net, value, sizes))
      })
      inputs = outputs
    }
    const pooled = net.reshape(net.emit('GlobalAveragePool', [value]), [-1, inputs])
    return linear(net, 'head', layerNorm(net, 'norm', pooled, inputs), inputs, task.classes, truncatedNormal())
  },
  training: { optimizer: 'adamw', learningRate: 4e-3, weightDecay: 0.05, warmUp: 0.1 },
}
