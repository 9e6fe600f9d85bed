/** @file resnet: residual blocks of two convolutions with batch norm. */
import type { Architecture } from './architecture.js'
import { squarePicture } from './checks.js'
import { zeros } from './initializers.js'
import { batchNorm } from './layers/batch-norm.js'
import { convolution } from './layers/convolution.js'
import { linear } from './layers/linear.js'
import type { Network } from './network.js'

function block(net: Network, x: string, inputs: number, outputs: number, stride: number, side: number): string {
  const count = side * side
  const first = convolution(net, 'conv1', x, { inputs, outputs, stride })
  const inner = net.emit('Relu', [batchNorm(net, 'bn1', first, outputs, count)])
  const second = batchNorm(net, 'bn2', convolution(net, 'conv2', inner, { inputs: outputs, outputs }), outputs, count, zeros)
  const shortcut =
    stride === 1 && inputs === outputs
      ? x
      : batchNorm(
          net,
          'shortcut.bn',
          convolution(net, 'shortcut.conv', x, { inputs, outputs, kernel: 1, stride }),
          outputs,
          count,
        )
  return net.emit('Relu', [net.emit('Add', [second, shortcut])])
}

/**
 * A stem convolution (stride 2), then stages of basic blocks, each after the first at half the size and twice the width; mean over
 * places; linear. The last batch norm of each block starts at zero. He et al.: Deep Residual Learning, CVPR 2016.
 */
export const resnet: Architecture = {
  name: 'resnet',
  summary: 'residual blocks of two convolutions with batch norm',
  citation: 'He et al.: Deep Residual Learning for Image Recognition, CVPR 2016',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 16, minimum: 1, integer: true, describe: 'channels of the first stage' },
    stages: {
      kind: 'number',
      default: 3,
      minimum: 1,
      integer: true,
      describe: 'stages, each at half the size of the one before',
    },
    blocks: { kind: 'number', default: 1, minimum: 1, integer: true, describe: 'blocks per stage' },
  },
  build(net, [x], task, { width, stages, blocks }) {
    const { channels, side: pixels } = squarePicture('resnet', task)
    let side = Math.ceil(pixels / 2)
    let value = convolution(net, 'stem.conv', x!, { inputs: channels, outputs: width, stride: 2 })
    value = net.emit('Relu', [batchNorm(net, 'stem.bn', value, width, side * side)])
    let inputs = width
    for (let stage = 0; stage < stages; stage++) {
      const outputs = width * 2 ** stage
      if (stage > 0) side = Math.ceil(side / 2)
      for (let index = 0; index < blocks; index++) {
        const stride = stage > 0 && index === 0 ? 2 : 1
        value = net.scoped(`stage${stage + 1}.block${index + 1}`, () => block(net, value, inputs, outputs, stride, side))
        inputs = outputs
      }
    }
    const pooled = net.reshape(net.emit('GlobalAveragePool', [value]), [-1, inputs])
    return linear(net, 'head', pooled, inputs, task.classes)
  },
  training: { optimizer: 'sgd', learningRate: 0.1, weightDecay: 5e-4, warmUp: 0.05 },
}
