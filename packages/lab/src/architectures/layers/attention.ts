/** @file Multi-head self-attention over tokens. */
import { truncatedNormal } from '../initializers.js'
import type { Network } from '../network.js'
import { linear } from './linear.js'

/** softmax(q k' / sqrt(d)) v per head, then a linear layer: [N, tokens, width] -> the same. Vaswani et al., NeurIPS 2017. */
export function attention(net: Network, name: string, x: string, tokens: number, width: number, heads: number): string {
  const size = width / heads
  return net.scoped(name, () => {
    const start = truncatedNormal()
    const split = (value: string, perm: readonly number[]): string =>
      net.emit('Transpose', [net.reshape(value, [-1, tokens, heads, size])], { perm })
    const query = split(linear(net, 'query', x, width, width, start), [0, 2, 1, 3])
    const key = split(linear(net, 'key', x, width, width, start), [0, 2, 3, 1])
    const value = split(linear(net, 'value', x, width, width, start), [0, 2, 1, 3])
    const scaled = net.emit('Mul', [query, net.scalar(1 / Math.sqrt(size))])
    const weights = net.emit('Softmax', [net.emit('MatMul', [scaled, key])], { axis: -1 })
    const mixed = net.emit('Transpose', [net.emit('MatMul', [weights, value])], { perm: [0, 2, 1, 3] })
    return linear(net, 'projection', net.reshape(mixed, [-1, tokens, width]), width, width, start)
  })
}
