/** @file A linear layer over the last axis. */
import { glorot, type Initializer, zeros } from '../initializers.js'
import type { Network } from '../network.js'

/** y = x W + b: [..., inputs] -> [..., outputs]. */
export function linear(
  net: Network,
  name: string,
  x: string,
  inputs: number,
  outputs: number,
  initialize: Initializer = glorot,
): string {
  return net.scoped(name, () => {
    const product = net.emit('MatMul', [x, net.parameter('weight', [inputs, outputs], initialize)])
    return net.emit('Add', [product, net.parameter('bias', [outputs], zeros, false)])
  })
}
