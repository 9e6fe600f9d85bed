/** @file sobol: the share of the target's variance, under random masks, that each feature has a part in. */
import { UsageError } from '../../errors.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'
import { blendedValues, gridOption, gridSegments } from './blend.js'
import { sequences } from './sequences.js'
import { totalOrder } from './sobol-indices.js'

/** Designs have two columns for each feature. */
const mostPlayers = 4096

/**
 * Masks m in [0, 1]^d mix the input into the baseline, feature by feature: f(b + m (x - b)). The value of a feature is the total-order
 * index of its m_i: the share of Var f that disappears once all other features' masks are known, interactions included. From two
 * designs A and B of N rows, and for every feature A with that column of B: N (d + 2) forwards. `estimator` says how the
 * index is taken from them (default Jansen's, the least noisy), `sequence` where the rows come from.
 * Values are shares of variance: they say how much a feature matters and not in which direction, and with interactions they add up to more
 * than 1. The other estimators than jansen may give small negative values. Constant targets give zeros.
 * Peers: xplique (grid 8, N 32, Sobol sequence, inpainting by zeros).
 */
export const sobol: Method = {
  name: 'sobol',
  summary: 'share of the variance under random masks that a feature has a part in; needs no gradient',
  formula: 'A_i = E Var(f(m) | m_{~i}) / Var f(m), m uniform on [0, 1]^d',
  citation:
    'Fel, Cadene, Chalvidal, Cord, Vigouroux, Serre: Look at the Variance! Sobol-based Sensitivity Analysis, NeurIPS 2021',
  options: {
    segments: gridOption,
    baseline: gameOptions.baseline,
    samples: { kind: 'number', default: 32, minimum: 2, maximum: 1_000_000, integer: true, describe: 'rows N of each design' },
    estimator: { kind: 'choice', default: 'jansen', values: Object.keys(totalOrder), describe: 'estimator of the index' },
    sequence: { kind: 'choice', default: 'sobol', values: Object.keys(sequences), describe: 'where masks come from' },
  },
  needs: [],
  promises: [],
  signed: true,
  cost: (options, evaluator) => {
    const segments = evaluator ? gridSegments(evaluator, options['segments']) : options['segments']
    return { forwards: 1 + options['samples'] * (expectedFeatures(segments, evaluator) + 2), gradients: 0 }
  },
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, { ...options, segments: gridSegments(evaluator, options['segments']) }, seed)
    const { players } = game
    if (players === 0) return game.result([])
    if (players > mostPlayers)
      throw new UsageError(
        `sobol: ${players} features are more than it takes (${mostPlayers}); use fewer, as segments=grid:8 makes`,
      )
    const count: number = options['samples']
    const drawn = sequences[options['sequence']]!(count, 2 * players, seed)
    // Rows of A, then of B, then of A with column i of B, for every i.
    const weigh = (row: number, i: number): number => {
      const [design, k] = [Math.floor(row / count), row % count]
      return drawn[(2 * k + (design === 1 || design === i + 2 ? 1 : 0)) * players + i]!
    }
    const values = await blendedValues(evaluator, game, options, seed, count * (players + 2), weigh, 'masks')
    const part = (design: number): Float64Array => values.subarray(design * count, (design + 1) * count)
    const [first, second] = [part(0), part(1)]
    const estimate = totalOrder[options['estimator']]!
    return game.result(Float64Array.from({ length: players }, (_, i) => estimate({ first, second, mixed: part(i + 2) })))
  },
}
