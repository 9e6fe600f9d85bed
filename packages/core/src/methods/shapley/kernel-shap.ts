/** @file kernel-shap: Shapley values by a weighted regression over coalitions of features. */
import { UsageError } from '../../errors.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'
import { enumerated } from './exact-shapley.js'
import { designed } from './kernel-design.js'

/** A regression over more players than this would need more than 128 MiB for its matrix. */
const mostPlayers = 4096

/** True where every coalition can be run with this many samples. */
const fits = (players: number, samples: number): boolean => players <= 30 && 2 ** players - 2 <= samples

/**
 * The values that minimise sum_S k(S) (v(S) - v(0) - sum over i in S of phi_i)^2 with sum_i phi_i = f(x) - f(baseline), where
 * k(S) = (n - 1) / (C(n, |S|) |S| (n - |S|)) and v(S) is the target with the features outside S at the baseline (averaged over its rows).
 * Where all 2^n - 2 coalitions fit the samples, these are the exact Shapley values, computed as such; else sizes from the outside in are
 * run whole while they fit, and the rest is drawn in pairs of complements. Completeness holds exactly either way.
 * The values are neither sparsified (shap's l1_reg does, by default, with many features) nor drawn where all coalitions fit (Captum does;
 * its default is 25 samples). Every element shows the value of its feature.
 */
export const kernelShap: Method = {
  name: 'kernel-shap',
  summary: 'Shapley values of features by weighted regression over coalitions; exact where all of them fit',
  formula: 'min_phi sum_S k(S) (v(S) - v(0) - sum_{i in S} phi_i)^2, sum phi = f(x) - f(b)',
  citation: 'Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NeurIPS 2017',
  options: {
    ...gameOptions,
    samples: {
      kind: 'number',
      default: 2048,
      minimum: 2,
      maximum: 10_000_000,
      integer: true,
      describe: 'coalitions to run, beside the empty and the full one',
    },
  },
  needs: [],
  promises: ['completeness', 'linearity'],
  signed: true,
  cost: (options, evaluator) => {
    const players = expectedFeatures(options['segments'], evaluator)
    return { forwards: fits(players, options['samples']) ? 2 ** players : options['samples'] + 2, gradients: 0 }
  },
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players, everybody } = game
    if (fits(players, options['samples'])) {
      const { worths, nobody } = await enumerated(game)
      return game.result(worths, nobody)
    }
    if (players > mostPlayers)
      throw new UsageError(
        `kernel-shap: ${players} features are more than its regression takes (${mostPlayers}); use fewer (segments=slic:64) or permutation-shapley`,
      )
    const { design, regression: fit } = designed(players, options['samples'], seed)
    if (!fit)
      throw new UsageError(
        `kernel-shap: ${design.count} coalitions do not determine ${players} features; use at least samples=${2 * players + 2048}, or fewer features`,
      )
    // The empty coalition goes with the others, as the last one: a run of its own is slow beside a small table's.
    const row = (k: number): Uint8Array => design.members.subarray(k * players, (k + 1) * players)
    const values = await game.values(design.count + 1, (k, present) => k < design.count && present.set(row(k)), 'coalitions')
    const nobody = values[design.count]!
    return game.result(fit(values, nobody, everybody), nobody)
  },
}
