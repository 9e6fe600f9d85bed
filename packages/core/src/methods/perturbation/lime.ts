/** @file lime: a weighted linear model of the target around the input, over features that are present or absent. */
import { UsageError } from '../../errors.js'
import { Random } from '../../random.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import type { Method, Options } from '../method.js'
import { linearFits } from './linear-fit.js'

/** How far a coalition of `size` of `players` features is from all of them. */
const distances: Readonly<Record<string, (size: number, players: number) => number>> = {
  cosine: (size, players) => 1 - Math.sqrt(size / players),
  euclidean: (size, players) => Math.sqrt(players - size),
}

/** Settings of other libraries. */
const variants: Readonly<Record<string, Options>> = {
  lime: { samples: 1000, probability: 0.5, distance: 'cosine', width: 0.25, penalty: 'ridge', alpha: 1 },
  captum: { samples: 50, probability: 0.5, distance: 'cosine', width: 1, penalty: 'lasso', alpha: 0.01 },
}

/**
 * Coalitions z_k keep each feature with `probability`, the first keeps all. With y_k the target with absent features at the baseline
 * (averaged over its rows) and weights exp(-d(z_k)^2 / (2 width^2)), d the distance to z = 1 (cosine: 1 - sqrt(|z| / n)), the values are
 * the coefficients w of the linear model a + w . z that fits y best. `ridge` minimises sum_k weight_k (y_k - a - w . z_k)^2 + alpha |w|^2,
 * `lasso` the mean of weighted halved squares + alpha |w|_1, as scikit-learn writes them. The intercept is not penalised.
 * Peers: the lime package on pictures (variant=lime: 1000 samples, width 0.25, ridge 1); Captum (variant=captum: 50 samples, width 1,
 * lasso 0.01; it leaves out the input itself). A variant's settings win over the options. Every element shows the value of its feature.
 * Coalition k depends on seed and k only. No promise of completeness: for one, use kernel-shap.
 */
export const lime: Method = {
  name: 'lime',
  summary: 'coefficients of a weighted linear model over random choices of features; needs no gradient',
  formula: 'min_{a, w} sum_k exp(-d_k^2 / (2 width^2)) (v(z_k) - a - w . z_k)^2 + alpha |w|^2',
  citation: 'Ribeiro, Singh, Guestrin: "Why Should I Trust You?", KDD 2016',
  options: {
    ...gameOptions,
    samples: {
      kind: 'number',
      default: 1000,
      minimum: 2,
      maximum: 10_000_000,
      integer: true,
      describe: 'coalitions, the input counted',
    },
    probability: { kind: 'number', default: 0.5, minimum: 0.001, maximum: 0.999, describe: 'chance that a feature is kept' },
    distance: {
      kind: 'choice',
      default: 'cosine',
      values: Object.keys(distances),
      describe: 'distance of a coalition to the input',
    },
    width: { kind: 'number', default: 0.25, minimum: 1e-6, describe: 'width of the kernel, in units of the distance' },
    penalty: { kind: 'choice', default: 'ridge', values: Object.keys(linearFits), describe: 'what keeps coefficients small' },
    alpha: { kind: 'number', default: 1, minimum: 0, describe: 'strength of the penalty' },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', ...Object.keys(variants)],
      describe: "another library's settings",
    },
  },
  needs: [],
  promises: ['linearity'],
  signed: true,
  cost: options => ({ forwards: settingsOf(options)['samples'], gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players } = game
    if (players === 0) return game.result([])
    const { samples, probability, distance, width, penalty, alpha } = settingsOf(options)
    const members = new Uint8Array(samples * players).fill(1, 0, players)
    const weights = new Float64Array(samples).fill(1, 0, 1)
    for (let k = 1; k < samples; k++) {
      const random = new Random(seed, k)
      let size = 0
      for (let i = 0; i < players; i++) size += members[k * players + i] = random.uniform() < probability ? 1 : 0
      weights[k] = Math.exp(-(distances[distance]!(size, players) ** 2) / (2 * width ** 2))
    }
    const row = (k: number): Uint8Array => members.subarray(k * players, (k + 1) * players)
    const found = await game.values(samples - 1, (k, present) => present.set(row(k + 1)), 'coalitions')
    const values = new Float64Array(samples)
    values[0] = game.everybody
    values.set(found, 1)
    const worths = linearFits[penalty]!({ columns: players, members, values, weights }, alpha)
    if (!worths)
      throw new UsageError(
        `lime: ${samples} coalitions do not determine ${players} features; use more samples, a larger alpha or width, or fewer features`,
      )
    return game.result(worths)
  },
}

function settingsOf(options: Options): Options {
  return { ...options, ...variants[options['variant']] }
}
