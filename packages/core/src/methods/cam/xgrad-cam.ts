/** @file xgrad-cam: channels weighted by gradients at the places where they are active. */
import { camMethod, perChannel, sumOver } from './rule.js'

/**
 * w_c = sum_i G_ci A_ci / sum_i A_ci, 0 for a channel that sums to 0. Peers: pytorch-grad-cam adds 1e-7 to the denominator, and clips and
 * scales the map. Where values are of both signs (no ReLU) the denominator may come close to zero and a channel may take over the map.
 */
export const xgradCam = camMethod({
  name: 'xgrad-cam',
  aliases: ['xgradcam'],
  summary: 'Grad-CAM with gradients averaged by activation: the weights that keep sensitivity and conservation best',
  formula: 'L = sum_c w_c A_c, w_c = sum_i G_ci A_ci / sum_i A_ci',
  citation: 'Fu et al.: Axiom-based Grad-CAM, BMVC 2020',
  relu: false,
  reads: 'gradient',
  weights: activation => {
    const { gradient, values } = activation
    return perChannel(activation, (from, to) => {
      const total = sumOver(from, to, i => values[i]!)
      return total === 0 ? 0 : sumOver(from, to, i => gradient[i]! * values[i]!) / total
    })
  },
})
