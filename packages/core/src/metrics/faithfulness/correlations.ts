/** @file Metrics that correlate what features are attributed with how far the target falls without them. */
import type { OptionSpec } from '../../methods/method.js'
import { Random } from '../../random.js'
import { correlations, spearman } from '../correlation.js'
import { featureOrder, regionsOption } from '../curves/features.js'
import { stepCounts } from '../curves/steps.js'
import type { Metric, MetricResult } from '../metric.js'
import { groupsOf, randomSubset, subsetGame, subsetOptions } from './subsets.js'

const unvaried = 'the attributed sums or the drops are all equal'
const scored = (value: number): MetricResult => (Number.isNaN(value) ? { value, reason: unvaried } : { value })

const correlationOption = (standard: 'pearson' | 'spearman'): OptionSpec => ({
  kind: 'choice',
  default: standard,
  values: Object.keys(correlations),
  describe: 'of values, or of ranks',
})

const samplesOption = (standard: number): OptionSpec => ({
  kind: 'number',
  default: standard,
  minimum: 2,
  maximum: 1_000_000,
  integer: true,
  describe: 'random subsets',
})

const shareOption: OptionSpec = {
  kind: 'number',
  default: 0.05,
  minimum: 0,
  maximum: 1,
  describe: 'features in a subset, as a share of all',
}
const sizeOf = (share: number, count: number): number => Math.min(count, Math.max(1, Math.round(share * count)))
const stepOption: OptionSpec = {
  kind: 'number',
  default: 1,
  minimum: 1,
  integer: true,
  describe: 'features that are removed together',
}

/**
 * Correlation over random subsets S of equal size of sum phi_S with f(x) - f(x without S). Exactly 1 for phi = w (x - b) of a linear
 * model at baseline b. Peers: Quantus takes 100 subsets of 224 pixels. Subset k depends on seed and k only.
 */
export const faithfulnessCorrelation: Metric = {
  name: 'faithfulness-correlation',
  summary: 'correlation of what random subsets are attributed with how far the target falls without them',
  formula: 'corr over S of (sum_{i in S} A_i, f(x) - f(x without S))',
  citation: 'Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020',
  options: { ...subsetOptions, samples: samplesOption(100), share: shareOption, correlation: correlationOption('pearson') },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const game = subsetGame(evaluator!, maps, options, seed)
    const { count } = game.features
    const subset = (k: number) => randomSubset(count, sizeOf(options['share'], count), new Random(seed, k))
    const drops = await game.drops(options['samples'], subset)
    return scored(
      correlations[options['correlation']]!(
        drops.map((_, k) => game.attributed(subset(k))),
        drops,
      ),
    )
  },
}

/**
 * Cells of a coarse grid are each removed with probability 1 - keep; Spearman's correlation of sum phi over the removed cells with the
 * fall. Peers: Xplique takes 200 samples of a 9 x 9 grid and turns an undefined correlation into 0; here it is NaN, with the reason.
 */
export const muFidelity: Metric = {
  name: 'mu-fidelity',
  summary: 'rank correlation of what random grid cells are attributed with how far the target falls without them',
  formula: 'spearman over S of (sum_{i in S} A_i, f(x) - f(x without S)), each cell in S with probability 1 - keep',
  citation: 'Bhatt et al., IJCAI 2020, as in Fel et al.: Look at the Variance!, NeurIPS 2021',
  options: {
    ...subsetOptions,
    segments: regionsOption('regions:9'),
    samples: samplesOption(200),
    keep: { kind: 'number', default: 0.8, minimum: 0, maximum: 1, describe: 'chance that a cell is kept' },
    correlation: correlationOption('spearman'),
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const game = subsetGame(evaluator!, maps, options, seed)
    const subset = (k: number): number[] => {
      const random = new Random(seed, k)
      return Array.from({ length: game.features.count }, (_, i) => i).filter(() => random.uniform() >= options['keep'])
    }
    const drops = await game.drops(options['samples'], subset)
    return scored(
      correlations[options['correlation']]!(
        drops.map((_, k) => game.attributed(subset(k))),
        drops,
      ),
    )
  },
}

/**
 * Features in descending order, in groups of `step`, each group removed alone; correlation of what it is attributed with the fall.
 */
export const faithfulnessEstimate: Metric = {
  name: 'faithfulness-estimate',
  summary: 'correlation of what features are attributed with how far the target falls without each alone',
  formula: 'corr over groups G of (sum_{i in G} A_i, f(x) - f(x without G))',
  citation: 'Alvarez-Melis, Jaakkola: Towards Robust Interpretability with Self-Explaining Neural Networks, NeurIPS 2018',
  options: {
    ...subsetOptions,
    segments: regionsOption('regions'),
    step: stepOption,
    correlation: correlationOption('pearson'),
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const game = subsetGame(evaluator!, maps, options, seed)
    const groups = groupsOf(featureOrder(game.features, 'descending'), options['step'])
    const drops = await game.drops(groups.length, k => groups[k]!)
    return scored(correlations[options['correlation']]!(groups.map(game.attributed), drops))
  },
}

/**
 * For each subset size n, the correlation over random subsets of n features of sum phi_S with the fall; the value is the mean over the
 * sizes, the curve has one point per size. Peers: Quantus correlates across pictures and pairs cumulative drops with single values.
 */
export const sensitivityN: Metric = {
  name: 'sensitivity-n',
  summary: 'correlation of attributed sums with falls of the target, for subsets of several sizes',
  formula: 'mean over n of corr over |S| = n of (sum_{i in S} A_i, f(x) - f(x without S))',
  citation: 'Ancona, Ceolini, Oztireli, Gross: Towards better understanding of gradient-based attribution methods, ICLR 2018',
  options: {
    ...subsetOptions,
    segments: regionsOption('regions'),
    samples: samplesOption(50),
    sizes: { kind: 'text', default: '10,20,30,40,50,60,70,80', describe: 'sizes of subsets, in percent of the features' },
    correlation: correlationOption('pearson'),
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const game = subsetGame(evaluator!, maps, options, seed)
    const { count } = game.features
    const { samples } = options as { samples: number }
    const sizes = [...new Set(stepCounts(options['sizes'], count))].filter(size => size > 0 && size < count)
    const subset = (k: number) => randomSubset(count, sizes[Math.floor(k / samples)]!, new Random(seed, k))
    const drops = await game.drops(samples * sizes.length, subset)
    const y = Float64Array.from(sizes, (_, s) => {
      const own = drops.subarray(s * samples, (s + 1) * samples)
      return correlations[options['correlation']]!(
        own.map((_, k) => game.attributed(subset(s * samples + k))),
        own,
      )
    })
    const curve = { x: Float64Array.from(sizes, size => size / count), y }
    return { ...scored(y.reduce((sum, value) => sum + value, 0) / y.length), curve }
  },
}

/**
 * Features in ascending order of |phi|, in groups of `step`; Spearman's correlation of a group's sum |phi| with the squared change of
 * the target without it, over f(x)^2 where f(x) is not 0. With a random fill, draws are averaged.
 */
export const monotonicityCorrelation: Metric = {
  name: 'monotonicity-correlation',
  summary: 'rank correlation of absolute values with the squared change of the target without the feature',
  formula: 'spearman over groups G of (sum_{i in G} |A_i|, E (f(x without G) - f(x))^2 / f(x)^2)',
  citation: 'Nguyen, Martinez: On quantitative aspects of model interpretability, 2020',
  options: {
    ...subsetOptions,
    segments: regionsOption('regions'),
    sign: { ...subsetOptions.sign, default: 'absolute' } as OptionSpec,
    fill: { ...subsetOptions.fill, default: 'uniform' } as OptionSpec,
    step: stepOption,
    draws: { kind: 'number', default: 10, minimum: 1, integer: true, describe: 'draws of a random fill' },
  },
  needs: ['model'],
  higherIsBetter: true,
  async run({ evaluator, maps }, options, seed) {
    const first = subsetGame(evaluator!, maps, options, seed)
    const groups = groupsOf(featureOrder(first.features, 'ascending'), options['step'])
    const squares = new Float64Array(groups.length)
    const random = typeof options['fill'] === 'string' && /^(uniform|road)/.test(options['fill'])
    const draws = random ? options['draws'] : 1
    for (let draw = 0; draw < draws; draw++) {
      const game = draw === 0 ? first : subsetGame(evaluator!, maps, options, new Random(seed, draw).integer(2 ** 31))
      const drops = await game.drops(groups.length, k => groups[k]!)
      drops.forEach((drop, k) => {
        squares[k]! += drop ** 2 / draws
      })
    }
    const scale = first.whole === 0 ? 1 : first.whole ** 2
    return scored(
      spearman(
        groups.map(first.attributed),
        squares.map(value => value / scale),
      ),
    )
  },
}
