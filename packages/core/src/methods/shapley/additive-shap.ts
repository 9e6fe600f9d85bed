/** @file additive-shap: Shapley values of an additive model, one forward for each feature. */
import { UsageError } from '../../errors.js'
import { Random } from '../../random.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'

/** Coalitions that show whether the model is additive. */
const checks = 8

/** Largest deviation from additivity, as a share of the largest value met, that float32 is excused for. */
const tolerance = 1e-4

/**
 * Where f is a sum of functions of one feature each, the Shapley value of feature i is its effect alone: phi_i = v({i}) - v(0), v(S) the target
 * with the features outside S at the baseline, averaged over its rows (f_i(x_i) - mean_b f_i(b_i)). That f is additive is checked: at the
 * input, and for random coalitions S, v(S) must be v(0) + sum over S of phi.
 * For models without interactions: linear and logistic models at the logit, additive networks, boosted stumps.
 * @throws UsageError where features interact
 */
export const additiveShap: Method = {
  name: 'additive-shap',
  summary: 'Shapley values of a model that adds up functions of one feature each, in closed form; needs no gradient',
  formula: 'phi_i = v({i}) - v(0)',
  citation: 'Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, NeurIPS 2017 (additive models)',
  options: gameOptions,
  needs: ['additive model'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({ forwards: 2 + checks + expectedFeatures(options['segments'], evaluator), gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players, everybody } = game
    const nobody = await game.nobody()
    const coalitions = Array.from({ length: checks }, (_, k) => {
      const random = new Random(seed, k)
      return Uint8Array.from({ length: players }, () => random.integer(2))
    })
    const found = await game.values(
      players + checks,
      (k, present) => {
        if (k < players) present[k] = 1
        else present.set(coalitions[k - players]!)
      },
      'features',
    )
    const worths = found.slice(0, players).map(value => value - nobody)
    const [all, everyone] = [found.subarray(players), new Uint8Array(players).fill(1)]
    const scale = Math.max(Math.abs(nobody), Math.abs(everybody), ...found.map(Math.abs), ...worths.map(Math.abs))
    for (const [members, value] of [[everyone, everybody] as const, ...coalitions.map((one, k) => [one, all[k]!] as const)]) {
      const sum = worths.reduce((total, worth, i) => total + members[i]! * worth, nobody)
      if (Math.abs(sum - value) > tolerance * scale)
        throw new UsageError(
          `additive-shap: features interact in this model (a coalition has ${value.toPrecision(4)}, its features add up to ${sum.toPrecision(4)}); use exact-shapley or kernel-shap`,
        )
    }
    return game.result(worths, nobody)
  },
}
