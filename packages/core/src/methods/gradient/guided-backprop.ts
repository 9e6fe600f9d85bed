/** @file guided-backprop: the gradient, with what is negative stopped at every ReLU. */
import { mapsOf } from '../maps.js'
import { atInput, type Method } from '../method.js'

/**
 * The reverse walk of the gradient, but at y = relu(x): g_x = relu(g_y) 1[x > 0]. ReLU6, Clip from 0, max(x, 0) and ThresholdedRelu
 * count as ReLU; LeakyReLU, GELU, SiLU, HardSwish and every other activation keep their gradient, as in Captum and zennit, which look
 * for ReLU modules only. A model without any ReLU gets its gradient, with a warning.
 * It shows fine structure that the model reacts to, and depends little on the class or on the later layers (Adebayo et al. 2018).
 */
export const guidedBackprop: Method = {
  name: 'guided-backprop',
  aliases: ['guided-backpropagation'],
  summary: 'the gradient with negative parts stopped at every ReLU',
  formula: 'A = d f(x) / d x, but g_x = max(0, g_y) 1[x > 0] at y = relu(x)',
  citation: 'Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity, ICLR workshop 2015',
  options: {},
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator) {
    const { gradients } = await evaluator.withRules('guided-backprop').gradient(evaluator.point, 1)
    return { maps: mapsOf(evaluator, (name, i) => gradients[name]![i]!) }
  },
  path: () => ({ ...atInput, rules: 'guided-backprop' }),
}
