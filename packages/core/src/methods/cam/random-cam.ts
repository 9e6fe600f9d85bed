/** @file random-cam: a layer's channels under random weights, a control for class activation maps. */
import { Random } from '../../random.js'
import { camMethod } from './rule.js'

/** w_c ~ U(-1, 1), seeded: what a map owes to the layer alone. pytorch-grad-cam's RandomCAM before its clipping and scaling. */
export const randomCam = camMethod({
  name: 'random-cam',
  aliases: ['randomcam'],
  summary: "a layer's channels under random weights: what a class activation map owes to its layer alone (control)",
  formula: 'L = relu(sum_c w_c A_c), w_c ~ U(-1, 1)',
  citation: 'control of pytorch-grad-cam',
  control: true,
  relu: true,
  reads: 'values',
  weights: ({ channels }, { seed }) => {
    const random = new Random(seed)
    return Float64Array.from({ length: channels }, () => 2 * random.uniform() - 1)
  },
})
