/** @file beta-smooth: the gradient, with the derivative of softplus at every ReLU. */
import { betaSmoothRuleSet } from '@ascribe/autodiff'
import { mapsOf } from '../maps.js'
import { atInput, type Method } from '../method.js'

/**
 * The reverse walk of the gradient, but at y = relu(x): g_x = g_y sigma(beta x), the derivative of log(1 + e^(beta x)) / beta, while the
 * forward pass keeps its ReLU. Clip from 0 (ReLU6) has both its bends smoothed, max(x, 0) counts as ReLU, every other activation keeps
 * its gradient. The explanation moves less with the input than the gradient does; large beta is the gradient. zennit: beta 10, the same.
 * A model without any ReLU gets its gradient, with a warning.
 */
export const betaSmooth: Method = {
  name: 'beta-smooth',
  summary: 'the gradient with the softened slope of softplus at every ReLU',
  formula: 'A = d f(x) / d x, but g_x = g_y sigma(beta x) at y = relu(x)',
  citation: 'Dombrowski et al.: Explanations can be manipulated and geometry is to blame, NeurIPS 2019',
  options: { beta: { kind: 'number', default: 10, minimum: 0, describe: 'sharpness of the bend' } },
  needs: ['gradient'],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator, { beta }) {
    const { gradients } = await evaluator.withRules(betaSmoothRuleSet(beta)).gradient(evaluator.point, 1)
    return { maps: mapsOf(evaluator, (name, i) => gradients[name]![i]!) }
  },
  path: ({ beta }) => ({ ...atInput, rules: betaSmoothRuleSet(beta) }),
}
