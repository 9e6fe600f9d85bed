/** @file sampling-shapley: Shapley values feature by feature, each from random sets of features before it. */
import { Random } from '../../random.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'

/**
 * phi_i = mean over draws of v(S and i) - v(S), S being the features before i in an order drawn for that feature alone; v(S) is the target
 * with the features outside S at the baseline. With several background rows, v averages all of them (shap's Sampling explainer draws one
 * for each draw). The values of different features are independent estimates: they sum to f(x) - f(baseline) on average only.
 * Every element shows the value of its feature. Draw k depends on seed and k only.
 */
export const samplingShapley: Method = {
  name: 'sampling-shapley',
  summary: 'Shapley values of features, each from its own random draws of the others',
  formula: 'phi_i = mean over random S of v(S + i) - v(S)',
  citation: 'Strumbelj, Kononenko: Explaining Prediction Models and Individual Predictions with Feature Contributions, KAIS 2014',
  options: {
    ...gameOptions,
    samples: {
      kind: 'number',
      default: 25,
      minimum: 1,
      maximum: 1_000_000,
      integer: true,
      describe: 'draws per feature, of two forwards each',
    },
  },
  needs: [],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({
    forwards: 1 + 2 * options['samples'] * expectedFeatures(options['segments'], evaluator),
    gradients: 0,
  }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players } = game
    const samples: number = options['samples']
    // Coalition 2 k is S, 2 k + 1 is S and i, where draw k = i samples + number of the draw.
    const values = await game.values(
      2 * samples * players,
      (index, present) => {
        const k = Math.floor(index / 2)
        const player = Math.floor(k / samples)
        const random = new Random(seed, k)
        // Where i stands in the order is uniform; of those before it every set of that size is as likely.
        const mark = random.uniform()
        for (let other = 0; other < players; other++) if (random.uniform() < mark) present[other] = 1
        present[player] = index % 2
      },
      'coalitions',
    )
    const worths = new Float64Array(players)
    for (let k = 0; k < samples * players; k++)
      worths[Math.floor(k / samples)]! += (values[2 * k + 1]! - values[2 * k]!) / samples
    return game.result(worths)
  },
}
