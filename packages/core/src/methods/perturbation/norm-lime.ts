/** @file norm-lime: the LIME coefficients of many inputs, each input's divided by their sum, as one importance of each feature. */
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { gameOf, gameOptions } from '../../segments/game.js'
import { featuresOf } from '../../segments/index.js'
import type { TensorValues } from '../../tensor-value.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { dataRows, dataSize, noData } from './data-rows.js'
import { lime } from './lime.js'

const { samples, probability, distance, width, penalty, alpha } = lime.options

/**
 * With w(x) the coefficients that LIME gives at x for the target, the importance of feature i is the mean of w_i(x)^2 / |w(x)|_1 over the
 * explained input and the rows of `data` in which i occurs (in which its values are not the baseline's): an input that spreads its weight
 * over many features counts less. It is of the target's class as a whole, the same for all inputs that come with the same data; without
 * data it is the explained input's own. Features are those of the explained input, in all rows. Row r draws its
 * coalitions from seed and its place. Never negative.
 * InterpretDL, of the authors' company, has the same formula; it clusters superpixels to have features in common, here segments are shared as
 * they lie: give grid:8, columns or tokens where rows are not aligned otherwise.
 */
export const normLime: Method = {
  name: 'norm-lime',
  summary: 'importance of features for a class from LIME at many inputs, each normalised; needs no gradient',
  formula: 'A_i = mean over x with i of w_i(x)^2 / |w(x)|_1, w(x) the coefficients of LIME at x',
  citation: 'Ahern, Noack, Guzman-Nateras, Dou, Li, Huan: NormLime: A New Feature Importance Metric, 2019',
  options: {
    ...gameOptions,
    data: { kind: 'baseline', default: noData, describe: 'rows [rows, ...] of other inputs, as values or an .npy file' },
    samples: samples!,
    probability: probability!,
    distance: distance!,
    width: width!,
    penalty: penalty!,
    alpha: alpha!,
  },
  needs: [],
  promises: [],
  signed: false,
  cost: options => ({ forwards: options['samples'] * (1 + dataSize(options['data'])), gradients: 0 }),
  async run(evaluator, options, seed) {
    const { count, labels } = featuresOf(evaluator, options['segments'])
    const segments: TensorValues = Object.fromEntries(
      evaluator.at.map(name => [name, { dtype: 'int32', dims: evaluator.inputs[name]!.dims, data: labels[name]! }]),
    )
    const settings = { ...options, segments, variant: 'ascribe' }
    const sums = new Float64Array(count)
    const occurs = new Float64Array(count)
    const add = async (at: Evaluator, index: number): Promise<void> => {
      const { maps } = await lime.run(at, settings, seed + index * seedStep)
      const { playerOf } = gameOf(at, settings, seed)
      const weights = new Map<number, number>()
      for (const name of at.at)
        labels[name]!.forEach((label, i) => {
          if (playerOf[name]![i]! >= 0) weights.set(label, maps[name]!.values[i]!)
        })
      const total = [...weights.values()].reduce((sum, weight) => sum + Math.abs(weight), 0)
      for (const [label, weight] of weights) {
        sums[label]! += total > 0 ? weight ** 2 / total : 0
        occurs[label]! += 1
      }
    }
    await add(evaluator, 0)
    const rows = dataRows(evaluator, options, 'norm-lime')
    for (const [index, row] of rows.entries()) {
      await add(await evaluator.moved(row), index + 1)
      evaluator.progress(index + 1, rows.length, 'rows')
    }
    if (occurs.every(times => times === 0))
      throw new UsageError('norm-lime: every feature is at the baseline; choose another one')
    const importance = sums.map((sum, label) => (occurs[label]! > 0 ? sum / occurs[label]! : 0))
    return { maps: mapsOf(evaluator, (name, i) => importance[labels[name]![i]!] ?? 0), settled: { features: count } }
  },
}

/** Apart by more than seeds that people choose. */
const seedStep = 2 ** 32
