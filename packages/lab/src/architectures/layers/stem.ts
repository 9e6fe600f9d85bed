/** @file How pictures become a grid of tokens: one convolution over patches, or several that halve the picture. */
import { UsageError } from '@ascribe/core'
import { requireMultiple } from '../checks.js'
import { truncatedNormal, zeros } from '../initializers.js'
import type { Network } from '../network.js'
import { batchNorm } from './batch-norm.js'
import { convolution } from './convolution.js'

export interface StemOptions {
  readonly channels: number
  readonly side: number
  readonly width: number
  /** Pixels along a side of what becomes one token. */
  readonly patch: number
  readonly bias?: boolean
}

/** One linear layer per patch: [N, inputs, H, W] -> [N, outputs, H / size, W / size]. */
export function patches(net: Network, x: string, inputs: number, outputs: number, size: number, bias = false): string {
  const weight = net.parameter('weight', [outputs, inputs, size, size], truncatedNormal())
  const parts = bias ? [x, weight, net.parameter('bias', [outputs], zeros, false)] : [x, weight]
  return net.emit('Conv', parts, { kernel_shape: [size, size], strides: [size, size] })
}

/**
 * log2(patch) convolutions of stride 2, widths doubling up to that of the tokens, batch norm and ReLU after all but the last.
 * Xiao et al.: Early Convolutions Help Transformers See Better, NeurIPS 2021.
 */
function convolutions(net: Network, x: string, { channels, side, width, patch, bias = false }: StemOptions): string {
  const steps = Math.log2(patch)
  let [value, inputs, size] = [x, channels, side]
  for (let step = 0; step < steps; step++) {
    const outputs = width / 2 ** (steps - 1 - step)
    const last = step === steps - 1
    size = Math.ceil(size / 2)
    value = convolution(net, `conv${step + 1}`, value, { inputs, outputs, stride: 2, bias: bias && last })
    if (!last) value = net.emit('Relu', [batchNorm(net, `bn${step + 1}`, value, outputs, size * size)])
    inputs = outputs
  }
  return value
}

export const stemOption = {
  kind: 'choice',
  default: 'convolutional',
  values: ['convolutional', 'patch'],
  describe: 'how patches become tokens',
} as const

/**
 * [N, channels, side, side] -> [N, width, side / patch, side / patch].
 * @throws UsageError where the patch is no power of two of at least 2 or the width cannot be halved as often as the stem asks
 */
export function stem(net: Network, architecture: string, kind: string, x: string, options: StemOptions): string {
  const { channels, width, patch, bias } = options
  return net.scoped('stem', () => {
    if (kind === 'patch') return patches(net, x, channels, width, patch, bias)
    if (patch < 2 || !Number.isInteger(Math.log2(patch)))
      throw new UsageError(
        `${architecture}: option patch must be 2, 4, 8, ... with the convolutional stem, not ${patch}; or take stem=patch`,
      )
    requireMultiple(architecture, 'width', width, patch / 2, `the convolutional stem of patch ${patch} halves it`)
    return convolutions(net, x, options)
  })
}
