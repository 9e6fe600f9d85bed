/** @file exact-shapley: Shapley values from every coalition of features. */
import { UsageError } from '../../errors.js'
import { type Game, gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'
import { shapleyValues, writeBits } from './shapley-values.js'

/** Shapley values of a game of at most 30 players, from all its 2^n coalitions: 2^n - 2 are run, beside the empty one. */
export async function enumerated(game: Game): Promise<{ worths: Float64Array; nobody: number }> {
  const all = 2 ** game.players
  const values = new Float64Array(all)
  const nobody = await game.nobody()
  values.set(
    await game.values(Math.max(0, all - 2), (k, present) => writeBits(k + 1, game.players, present), 'coalitions'),
    Math.min(1, all - 1),
  )
  values[0] = nobody
  if (all > 1) values[all - 1] = game.everybody
  return { worths: shapleyValues(values, game.players), nobody }
}

/**
 * phi_i = sum over coalitions S without i of |S|! (n - |S| - 1)! / n! (v(S with i) - v(S)), where v(S) is the target with the features
 * outside S at the baseline (averaged over its rows, where it has several). The sums are over features; every element shows the value of
 * its feature. Completeness: the features' values sum to f(x) - f(baseline), but for rounding.
 * Peers: Captum's ShapleyValues runs all n! orders; shap's Exact explainer all coalitions, as here.
 */
export const exactShapley: Method = {
  name: 'exact-shapley',
  aliases: ['shapley'],
  summary: 'Shapley values of features, from every coalition: for few features',
  formula: 'phi_i = sum_S |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))',
  citation: 'Shapley: A Value for n-Person Games, 1953',
  options: {
    ...gameOptions,
    most: {
      kind: 'number',
      default: 12,
      minimum: 1,
      maximum: 24,
      integer: true,
      describe: 'refuse more features than this: 2^n forwards are run',
    },
  },
  needs: [],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({ forwards: 2 ** expectedFeatures(options['segments'], evaluator), gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    if (game.players > options['most'])
      throw new UsageError(
        `exact-shapley: ${game.players} features take 2^${game.players} forwards, and most=${options['most']}; use fewer (segments=grid:3), kernel-shap or permutation-shapley`,
      )
    const { worths, nobody } = await enumerated(game)
    return game.result(worths, nobody)
  },
}
