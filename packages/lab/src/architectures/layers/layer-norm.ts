/** @file Layer normalisation over the last axis. */
import { ones, zeros } from '../initializers.js'
import type { Network } from '../network.js'

/** y = scale (x - mean) / sqrt(variance + 1e-6) + bias over the last axis. Ba, Kiros and Hinton, 2016. */
export function layerNorm(net: Network, name: string, x: string, width: number): string {
  return net.scoped(name, () => {
    const scale = net.parameter('weight', [width], ones, false)
    const bias = net.parameter('bias', [width], zeros, false)
    return net.emit('LayerNormalization', [x, scale, bias], { axis: -1, epsilon: 1e-6 })
  })
}
