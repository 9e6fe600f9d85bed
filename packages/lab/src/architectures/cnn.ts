/** @file cnn: plain convolutions with batch norm, pooled by stride. */
import type { Architecture } from './architecture.js'
import { squarePicture } from './checks.js'
import { linear } from './layers/linear.js'
import { normedConvolution } from './layers/normed-convolution.js'

/**
 * Stages of 3x3 convolutions, each with batch norm and ReLU; the first of a stage halves the picture (Springenberg et al., ICLR
 * workshop 2015), widths double from stage to stage; mean over places; linear. After Simonyan and Zisserman, ICLR 2015.
 */
export const cnn: Architecture = {
  name: 'cnn',
  summary: 'plain 3x3 convolutions with batch norm, pooled by stride',
  citation: 'Simonyan and Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015',
  reads: 'picture',
  options: {
    width: { kind: 'number', default: 24, minimum: 1, integer: true, describe: 'channels of the first stage' },
    stages: { kind: 'number', default: 3, minimum: 1, integer: true, describe: 'stages, each of which halves the picture' },
    blocks: { kind: 'number', default: 2, minimum: 1, integer: true, describe: 'convolutions per stage' },
  },
  build(net, [x], task, { width, stages, blocks }) {
    const { channels, side: pixels } = squarePicture('cnn', task)
    let [value, inputs, side] = [x!, channels, pixels]
    for (let stage = 0; stage < stages; stage++) {
      const outputs = width * 2 ** stage
      side = Math.ceil(side / 2)
      for (let index = 0; index < blocks; index++) {
        const options = { inputs, outputs, stride: index === 0 ? 2 : 1 }
        value = net.emit('Relu', [normedConvolution(net, `stage${stage + 1}.${index + 1}`, value, options, side)])
        inputs = outputs
      }
    }
    const pooled = net.reshape(net.emit('GlobalAveragePool', [value]), [-1, inputs])
    return linear(net, 'head', pooled, inputs, task.classes)
  },
  training: { optimizer: 'sgd', learningRate: 0.1, weightDecay: 5e-4, warmUp: 0.05 },
}
