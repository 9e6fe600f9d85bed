/** @file Batch normalisation over rows and places, per channel. */
import { ones, zeros } from '../initializers.js'
import type { Network } from '../network.js'

const epsilon = 1e-5
/** Share of the new batch in the running statistics. */
const momentum = 0.1

/**
 * y = scale (x - mean) / sqrt(variance + 1e-5) + bias. Training: mean and variance of the batch [N, C, H, W] over N, H, W; running
 * statistics take 0.1 of the batch's, the variance as n / (n - 1). Ioffe and Szegedy, ICML 2015.
 * @param count elements per channel and row: height x width
 * @param start of the scale; zero makes a residual branch start as nothing
 */
export function batchNorm(net: Network, name: string, x: string, channels: number, count: number, start = ones): string {
  return net.scoped(name, () => {
    const scale = net.parameter('weight', [channels], start, false)
    const bias = net.parameter('bias', [channels], zeros, false)
    const mean = net.statistic('running_mean', channels, 0)
    const variance = net.statistic('running_variance', channels, 1)
    if (!net.training) return net.emit('BatchNormalization', [x, scale, bias, mean.value, variance.value], { epsilon })
    const [y, batchMean, batchVariance] = net.builder.emitAll(
      'BatchNormalization',
      [x, scale, bias, net.builder.float(Array(channels).fill(0)), net.builder.float(Array(channels).fill(0))],
      3,
      { epsilon, momentum: 0, training_mode: 1 },
    )
    const rows = net.trainingRows! * count
    const follow = (running: string, batch: string, factor: number): string =>
      net.emit('Add', [
        net.emit('Mul', [running, net.scalar(1 - momentum)]),
        net.emit('Mul', [batch, net.scalar(momentum * factor)]),
      ])
    net.updates.set(mean.name, follow(mean.value, batchMean!, 1))
    net.updates.set(variance.name, follow(variance.value, batchVariance!, rows / Math.max(1, rows - 1)))
    return y!
  })
}
