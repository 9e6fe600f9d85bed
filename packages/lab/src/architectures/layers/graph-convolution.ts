/** @file A convolution over the nodes of a graph. */
import { glorot, zeros } from '../initializers.js'
import type { Network } from '../network.js'

/** y = A (x W) + b: x [nodes, inputs], A [nodes, nodes] -> [nodes, outputs]. Kipf and Welling, ICLR 2017, equation 2. */
export function graphConvolution(
  net: Network,
  name: string,
  x: string,
  adjacency: string,
  inputs: number,
  outputs: number,
): string {
  return net.scoped(name, () => {
    const product = net.emit('MatMul', [x, net.parameter('weight', [inputs, outputs], glorot)])
    return net.emit('Add', [net.emit('MatMul', [adjacency, product]), net.parameter('bias', [outputs], zeros, false)])
  })
}
