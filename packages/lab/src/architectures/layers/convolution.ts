/** @file Convolution, without bias where batch norm follows. */
import { heFanOut, type Initializer, zeros } from '../initializers.js'
import type { Network } from '../network.js'

export interface ConvolutionOptions {
  readonly inputs: number
  readonly outputs: number
  readonly kernel?: number
  readonly stride?: number
  readonly groups?: number
  readonly bias?: boolean
  /** Of the weight; default He's by outputs. */
  readonly initialize?: Initializer
}

/** Padded so that stride 1 keeps the size: x [N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]. Kernel sizes are odd. */
export function convolution(net: Network, name: string, x: string, options: ConvolutionOptions): string {
  const { inputs, outputs, kernel = 3, stride = 1, groups = 1, bias = false, initialize = heFanOut(groups) } = options
  return net.scoped(name, () => {
    const weight = net.parameter('weight', [outputs, inputs / groups, kernel, kernel], initialize)
    const parts = bias ? [x, weight, net.parameter('bias', [outputs], zeros, false)] : [x, weight]
    const pad = (kernel - 1) / 2
    return net.emit('Conv', parts, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group: groups,
    })
  })
}
