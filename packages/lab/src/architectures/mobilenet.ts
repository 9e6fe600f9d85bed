/** @file mobilenet: inverted residuals around depthwise convolutions. */
import type { Architecture } from './architecture.js'
import { squarePicture } from './checks.js'
import { linear } from './layers/linear.js'
import { normedConvolution } from './layers/normed-convolution.js'
import type { Network } from './network.js'

interface Block {
  readonly inputs: number
  readonly outputs: number
  readonly hidden: number
  readonly stride: number
  /** Of the picture before and after. */
  readonly before: number
  readonly after: number
}

/** 1x1 to `hidden`, depthwise 3x3, 1x1 back; ReLU after the first two; the input is added where the shape stays. */
function invertedResidual(net: Network, x: string, { inputs, outputs, hidden, stride, before, after }: Block): string {
  const wide = net.emit('Relu', [normedConvolution(net, 'expand', x, { inputs, outputs: hidden, kernel: 1 }, before)])
  const depthwise = { inputs: hidden, outputs: hidden, groups: hidden, stride }
  const mixed = net.emit('Relu', [normedConvolution(net, 'depthwise', wide, depthwise, after)])
  const narrow = normedConvolution(net, 'project', mixed, { inputs: hidden, outputs, kernel: 1 }, after)
  return stride === 1 && inputs === outputs ? net.emit('Add', [narrow, x]) : narrow
}

/**
 * A stem convolution (stride 2), stages of inverted residuals, each after the first at half the size and twice the width, a last 1x1
 * convolution, mean over places, linear. Sandler et al., CVPR 2018, with plain ReLU: their ReLU6 is for low-precision arithmetic, and
 * attribution rules for ReLU would not see it.
 */
export const mobilenet: Architecture = {
  name: 'mobilenet',
  summary: 'inverted residuals around depthwise convolutions, with batch norm and plain ReLU',
  citation: 'Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 24, minimum: 1, integer: true, describe: 'channels between blocks of the first stage' },
    stages: {
      kind: 'number',
      default: 3,
      minimum: 1,
      integer: true,
      describe: 'stages, each at half the size of the one before',
    },
    blocks: { kind: 'number', default: 2, minimum: 1, integer: true, describe: 'blocks per stage' },
    expansion: { kind: 'number', default: 3, minimum: 1, describe: 'channels inside a block over those that enter it' },
  },
  build(net, [x], task, { width, stages, blocks, expansion }) {
    const { channels, side: pixels } = squarePicture('mobilenet', task)
    let side = Math.ceil(pixels / 2)
    let value = net.emit('Relu', [normedConvolution(net, 'stem', x!, { inputs: channels, outputs: width, stride: 2 }, side)])
    let inputs = width
    for (let stage = 0; stage < stages; stage++) {
      const outputs = width * 2 ** stage
      for (let index = 0; index < blocks; index++) {
        const stride = stage > 0 && index === 0 ? 2 : 1
        const after = Math.ceil(side / stride)
        const block = { inputs, outputs, hidden: Math.round(expansion * inputs), stride, before: side, after }
        value = net.scoped(`stage${stage + 1}.block${index + 1}`, () => invertedResidual(net, value, block))
        side = after
        inputs = outputs
      }
    }
    const features = Math.round(expansion * inputs)
    value = net.emit('Relu', [normedConvolution(net, 'last', value, { inputs, outputs: features, kernel: 1 }, side)])
    const pooled = net.reshape(net.emit('GlobalAveragePool', [value]), [-1, features])
    return linear(net, 'head', pooled, features, task.classes)
  },
  training: { optimizer: 'sgd', learningRate: 0.1, weightDecay: 1e-4, warmUp: 0.05 },
}
