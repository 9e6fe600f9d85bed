/** @file hsic: how strongly the target depends on whether each feature is there, by a kernel measure of dependence. */
import { UsageError } from '../../errors.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import type { Method } from '../method.js'
import { blendedValues, gridOption, gridSegments } from './blend.js'
import { centredOutputs, hsicOf, maskKernels } from './hsic-kernels.js'
import { sequences } from './sequences.js'

/** More would need much memory for their masks. */
const mostPlayers = 8192

/**
 * N masks mix the input into the baseline, feature by feature, y = f(b + m (x - b)). The value of feature i is
 * HSIC(m_i, y) = tr(K_i H L H) / (N - 1)^2, H = 1 - 1/N, with K_i the kernel of the feature's mask values and L a Gaussian kernel of the
 * targets, its width the median of their distances. `binary` masks are 0 or 1 (a draw above 1/2), those of `rbf` (width 1/2) and
 * `sobolev` lie in [0, 1]. It is zero where y does not depend on m_i, and never negative: it says how much a feature matters and not in which
 * direction. Every feature's value comes from the same N forwards, however many features there are.
 * Peers: xplique (grid 8, N 500, binary kernel).
 */
export const hsic: Method = {
  name: 'hsic',
  summary: 'how strongly the target depends on a feature being there, by a kernel measure; needs no gradient',
  formula: 'A_i = tr(K_i H L H) / (N - 1)^2, K_i of mask values, L of targets, H = 1 - 1/N',
  citation:
    'Novello, Fel, Vigouroux: Making Sense of Dependence: Efficient Black-box Explanations Using Dependence Measure, NeurIPS 2022',
  options: {
    segments: gridOption,
    baseline: gameOptions.baseline,
    samples: { kind: 'number', default: 500, minimum: 4, maximum: 10_000, integer: true, describe: 'masks N' },
    kernel: { kind: 'choice', default: 'binary', values: Object.keys(maskKernels), describe: 'kernel of mask values' },
    sequence: { kind: 'choice', default: 'latin-hypercube', values: Object.keys(sequences), describe: 'where masks come from' },
  },
  needs: [],
  promises: [],
  signed: false,
  cost: options => ({ forwards: 1 + options['samples'], gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, { ...options, segments: gridSegments(evaluator, options['segments']) }, seed)
    const { players } = game
    if (players === 0) return game.result([])
    if (players > mostPlayers)
      throw new UsageError(
        `hsic: ${players} features are more than it takes (${mostPlayers}); use fewer, as segments=grid:8 makes`,
      )
    const count: number = options['samples']
    const { binary, kernel } = maskKernels[options['kernel']]!
    const drawn = sequences[options['sequence']]!(count, players, seed)
    const masks = binary ? drawn.map(value => (value < 0.5 ? 0 : 1)) : drawn
    const weigh = (k: number, i: number): number => masks[k * players + i]!
    const centred = centredOutputs(await blendedValues(evaluator, game, options, seed, count, weigh, 'masks'))
    const column = (i: number): Float64Array => Float64Array.from({ length: count }, (_, k) => weigh(k, i))
    return game.result(Float64Array.from({ length: players }, (_, i) => hsicOf(column(i), centred, kernel)))
  },
}
