/** @file feature-ablation: how much the target drops when one feature is replaced by the baseline. */

import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'

/**
 * A_g = f(x) - f(x with feature g at the baseline), averaged over the baseline's rows where it has several. Every element shows the value of
 * its feature. Features may be any partition; windows that slide and overlap are `occlusion`.
 * Peers: Captum's FeatureAblation, which takes equal labels in different inputs for different features; here they are one.
 */
export const featureAblation: Method = {
  name: 'feature-ablation',
  summary: 'how much the target drops when a feature is replaced by the baseline; needs no gradient',
  formula: 'A_g = f(x) - f(x with x_g = b_g)',
  citation: 'Li, Monroe, Jurafsky: Understanding Neural Networks through Representation Erasure, 2016',
  options: gameOptions,
  needs: [],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({ forwards: 1 + expectedFeatures(options['segments'], evaluator), gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players, everybody } = game
    const without = await game.values(
      players,
      (k, present) => {
        present.fill(1)
        present[k] = 0
      },
      'features',
    )
    return game.result(without.map(value => everybody - value))
  },
}
