/** @file glime: a linear model of the target whose features are drawn near the input, instead of weighed by how near they are. */
import { UsageError } from '../../errors.js'
import { Random } from '../../random.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import type { Method } from '../method.js'
import { linearFits } from './linear-fit.js'

/**
 * Coalitions z_k keep each feature with probability e^s / (1 + e^s), s = 1 / width^2: the draws of LIME with its weights exp((|z| - d) / width^2)
 * turned into chances. The values are the coefficients w that minimise (1 / n) sum_k (v(z_k) - a - w . z_k)^2 + alpha |w|^2, every draw
 * weighing the same; LIME's fit has the same limit, but where few of its draws weigh anything it is noisy and the penalty wins. The
 * intercept a is not penalised. Every element shows the value of its feature. Coalition k depends on seed and k only.
 * This is the paper's GLIME-Binomial.
 */
export const glime: Method = {
  name: 'glime',
  summary: 'coefficients of a linear model over features drawn near the input: LIME without weights; needs no gradient',
  formula: 'min_{a, w} mean_k (v(z_k) - a - w . z_k)^2 + alpha |w|^2, P(z_i = 1) = 1 / (1 + exp(-1 / width^2))',
  citation: 'Tan, Tian, Li: GLIME: General, Stable and Local LIME Explanation, NeurIPS 2023',
  options: {
    ...gameOptions,
    samples: { kind: 'number', default: 1000, minimum: 2, maximum: 10_000_000, integer: true, describe: 'coalitions' },
    width: {
      kind: 'number',
      default: 1,
      minimum: 0.15,
      describe: 'how far from the input draws go: large ones keep each feature half the time',
    },
    alpha: { kind: 'number', default: 0.001, minimum: 0, describe: 'strength of the penalty' },
  },
  needs: [],
  promises: ['linearity'],
  signed: true,
  cost: options => ({ forwards: 1 + options['samples'], gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players } = game
    if (players === 0) return game.result([])
    const { samples, width, alpha } = options as { samples: number; width: number; alpha: number }
    const chance = 1 / (1 + Math.exp(-1 / width ** 2))
    const members = new Uint8Array(samples * players)
    for (let k = 0; k < samples; k++) {
      const random = new Random(seed, k)
      for (let i = 0; i < players; i++) members[k * players + i] = random.uniform() < chance ? 1 : 0
    }
    const fit = (values: ArrayLike<number>) =>
      linearFits['ridge']!({ columns: players, members, values, weights: new Float64Array(samples).fill(1 / samples) }, alpha)
    if (!fit(new Float64Array(samples)))
      throw new UsageError(
        `glime: ${samples} coalitions do not determine ${players} features; use more samples, a larger alpha or width, or fewer features`,
      )
    const row = (k: number): Uint8Array => members.subarray(k * players, (k + 1) * players)
    return game.result(fit(await game.values(samples, (k, present) => present.set(row(k)), 'coalitions'))!)
  },
}
