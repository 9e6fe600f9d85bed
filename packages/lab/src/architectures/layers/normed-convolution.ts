/** @file A convolution followed by batch norm. */
import type { Network } from '../network.js'
import { batchNorm } from './batch-norm.js'
import { type ConvolutionOptions, convolution } from './convolution.js'

/** @param side of the result, in places */
export function normedConvolution(net: Network, name: string, x: string, options: ConvolutionOptions, side: number): string {
  return net.scoped(name, () => batchNorm(net, 'bn', convolution(net, 'conv', x, options), options.outputs, side * side))
}
