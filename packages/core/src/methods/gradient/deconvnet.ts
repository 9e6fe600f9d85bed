/** @file deconvnet: the gradient, with every ReLU replaced by a ReLU of what comes back. */
import { mapsOf } from '../maps.js'
import { atInput, type Method } from '../method.js'

/**
 * The reverse walk of the gradient, but at y = relu(x): g_x = relu(g_y), whatever x was. What counts as ReLU is said at
 * guided-backprop. Max pooling passes to where its maximum was, which is the paper's unpooling by switches.
 */
export const deconvnet: Method = {
  name: 'deconvnet',
  summary: 'the gradient with every ReLU applied to what comes back instead',
  formula: 'A = d f(x) / d x, but g_x = max(0, g_y) at y = relu(x)',
  citation: 'Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014',
  options: {},
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator) {
    const { gradients } = await evaluator.withRules('deconvnet').gradient(evaluator.point, 1)
    return { maps: mapsOf(evaluator, (name, i) => gradients[name]![i]!) }
  },
  path: () => ({ ...atInput, rules: 'deconvnet' }),
}
