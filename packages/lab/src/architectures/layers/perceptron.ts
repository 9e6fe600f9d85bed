/** @file Two linear layers with a GELU between them. */
import { truncatedNormal } from '../initializers.js'
import type { Network } from '../network.js'
import { linear } from './linear.js'

/** W2 gelu(W1 x + b1) + b2 over the last axis: [..., width] -> the same, `hidden` wide inside. */
export function perceptron(net: Network, x: string, width: number, hidden: number): string {
  const start = truncatedNormal()
  return linear(net, 'second', net.emit('Gelu', [linear(net, 'first', x, width, hidden, start)]), hidden, width, start)
}
