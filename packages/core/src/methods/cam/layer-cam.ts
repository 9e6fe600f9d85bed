/** @file layer-cam: every value weighted by its own positive gradient. */
import { camMethod } from './rule.js'

/** w_ci = relu(G_ci), one weight per value (equation 5); raw, where peers scale to [0, 1]. */
export const layerCam = camMethod({
  name: 'layer-cam',
  aliases: ['layercam'],
  summary: 'every value of a layer times its positive gradient: sharp at early layers too',
  formula: 'L_i = relu(sum_c relu(G_ci) A_ci)',
  citation: 'Jiang et al.: LayerCAM, IEEE Transactions on Image Processing 2021',
  relu: true,
  reads: 'gradient',
  weights: ({ gradient }) => gradient.map(value => Math.max(0, value)),
})
