/** @file fem: places where a channel is far above its own mean. */
import { type Activation, camMethod, perChannel, sumOver } from './rule.js'

/** 1 where A_ci >= mean_c + k deviation_c (population), else 0. */
function masks(activation: Activation, k: number): Float64Array {
  const { values, size } = activation
  const mask = new Float64Array(values.length)
  perChannel(activation, (from, to) => {
    const mean = sumOver(from, to, i => values[i]!) / size
    const deviation = Math.sqrt(sumOver(from, to, i => (values[i]! - mean) ** 2) / size)
    for (let i = from; i < to; i++) mask[i] = values[i]! >= mean + k * deviation ? 1 : 0
    return mean
  })
  return mask
}

/**
 * The paper: every channel's mask of places k deviations above its mean, weighted by that mean; xplique's form. Knows no target.
 * `variant=pytorch-grad-cam` weighs the values themselves by the share of places in the mask. A constant channel is all mask.
 */
export const fem = camMethod({
  name: 'fem',
  summary: "places where a layer's channels are far above their mean; the same for every target",
  formula: 'L_i = sum_c mean_c [A_ci >= mean_c + k deviation_c]',
  citation: 'Fuad et al.: Features Understanding in 3D CNNs for Actions Recognition in Video, IPTA 2020',
  relu: false,
  reads: 'values',
  options: {
    k: { kind: 'number', default: 2, minimum: 0, describe: 'deviations above the mean that count' },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', 'pytorch-grad-cam'],
      describe: 'channel mean times mask, or mask share times values',
    },
  },
  weights: (activation, { options }) => {
    const mask = options['variant'] === 'pytorch-grad-cam' ? masks(activation, options['k']) : activation.values
    return perChannel(activation, (from, to) => sumOver(from, to, i => mask[i]!) / activation.size)
  },
  weighted: (activation, { variant, k }) => (variant === 'pytorch-grad-cam' ? activation.values : masks(activation, k)),
})
