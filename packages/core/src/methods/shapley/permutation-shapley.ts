/** @file permutation-shapley: Shapley values from features that join in random orders, each followed by its reverse. */
import { Random, shuffled } from '../../random.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'

/** Order `index` of the players: of two neighbours, the second is the first reversed where `antithetic`. */
function orderOf(players: number, index: number, antithetic: boolean, seed: number): Uint32Array {
  const random = new Random(seed, antithetic ? index >> 1 : index)
  const order = shuffled(players, random)
  return antithetic && index % 2 === 1 ? order.reverse() : order
}

/**
 * phi_i = mean over orders of v(those before i, and i) - v(those before i), where v(S) is the target with the features outside S at the
 * baseline (averaged over its rows). An order and its reverse follow each other, which halves the cost of a given precision and is exact
 * where features interact in pairs only. Every order sums to f(x) - f(baseline), so their mean does.
 * Peers: shap's Permutation explainer (pairs as here, 10 of them); Captum's ShapleyValueSampling (25 orders, `antithetic=false`).
 * Every element shows the value of its feature. Order k depends on seed and k only.
 */
export const permutationShapley: Method = {
  name: 'permutation-shapley',
  aliases: ['shapley-value-sampling'],
  summary: 'Shapley values of features from random orders in which they join; for any number of features',
  formula: 'phi_i = mean over orders of v(before i + i) - v(before i)',
  citation: 'Castro, Gomez, Tejada 2009; reversed orders: Mitchell, Cooper, Frank, Holmes, JMLR 2022',
  options: {
    ...gameOptions,
    orders: {
      kind: 'number',
      default: 20,
      minimum: 1,
      maximum: 1_000_000,
      integer: true,
      describe: 'orders, reversed ones counted',
    },
    antithetic: { kind: 'flag', default: true, describe: 'follow each order with its reverse' },
  },
  needs: [],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({
    forwards: 2 + options['orders'] * (expectedFeatures(options['segments'], evaluator) - 1),
    gradients: 0,
  }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players, everybody } = game
    const { orders, antithetic } = options as { orders: number; antithetic: boolean }
    const nobody = await game.nobody()
    const steps = Math.max(0, players - 1)
    let [known, order]: [number, Uint32Array] = [-1, new Uint32Array()]
    const orderAt = (index: number): Uint32Array => {
      if (index !== known) [known, order] = [index, orderOf(players, index, antithetic, seed)]
      return order
    }
    const values = await game.values(
      orders * steps,
      (k, present) => {
        const before = orderAt(Math.floor(k / steps))
        for (let i = 0; i <= k % steps; i++) present[before[i]!] = 1
      },
      'coalitions',
    )
    const worths = new Float64Array(players)
    for (let index = 0; index < orders; index++) {
      let before = nobody
      orderAt(index).forEach((player, i) => {
        const after = i < steps ? values[index * steps + i]! : everybody
        worths[player]! += (after - before) / orders
        before = after
      })
    }
    return game.result(worths, nobody)
  },
}
