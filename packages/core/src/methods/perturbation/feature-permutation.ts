/** @file feature-permutation: how much the target drops when one feature is taken from other rows of a data set. */
import { UsageError } from '../../errors.js'
import { Random } from '../../random.js'
import { gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import { float32 } from '../../tensor-value.js'
import type { Method } from '../method.js'
import { dataRows, dataSize, noData } from './data-rows.js'
import { featureAblation } from './feature-ablation.js'

/**
 * A_g = f(x) - mean over rows r of the data set of f(x with feature g as in r), over `samples` rows drawn without replacement (all where
 * there are no more): what shuffling the feature's column among the rows does to this row, averaged over shuffles. The features keep the
 * values they really take, one at a time. Every element shows the value of its feature.
 * Peers: Captum's FeaturePermutation shuffles within the explained batch, once, so that its values are of one random order and a batch of
 * one row is refused; here the data set is given, and every row counts.
 */
export const featurePermutation: Method = {
  name: 'feature-permutation',
  summary: 'how much the target drops when a feature is taken from other rows of a data set; needs no gradient',
  formula: 'A_g = f(x) - mean over rows r of f(x with x_g = r_g)',
  citation: 'Breiman: Random Forests, 2001; Fisher, Rudin, Dominici: All Models are Wrong, but Many are Useful, 2019',
  options: {
    segments: gameOptions.segments,
    data: { kind: 'baseline', default: noData, describe: 'rows [rows, ...] of a data set, as values or an .npy file' },
    samples: { kind: 'number', default: 10, minimum: 1, maximum: 1_000_000, integer: true, describe: 'rows drawn from it' },
  },
  needs: ['data set'],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => ({
    forwards: 1 + expectedFeatures(options['segments'], evaluator) * Math.min(options['samples'], dataSize(options['data'])),
    gradients: 0,
  }),
  async run(evaluator, options, seed) {
    const rows = dataRows(evaluator, options, 'feature-permutation')
    if (rows.length === 0)
      throw new UsageError(
        "feature-permutation needs a data set to take values from: data=ROWS.npy, [rows, ...] of the input's dims",
      )
    const order = rows.map((_, i) => i)
    const random = new Random(seed)
    const count = Math.min(rows.length, options['samples'])
    for (let i = 0; i < count; i++) {
      const other = i + random.integer(rows.length - i)
      ;[order[i], order[other]] = [order[other]!, order[i]!]
    }
    const drawn = order.slice(0, count).sort((a, b) => a - b)
    const baseline = Object.fromEntries(
      evaluator.at.map(name => {
        const { dims, data } = evaluator.inputs[name]!
        const values = new Float32Array(count * data.length)
        drawn.forEach((row, at) => {
          values.set(rows[row]![name]!, at * data.length)
        })
        return [name, float32([count, ...dims], values)]
      }),
    )
    return featureAblation.run(evaluator, { segments: options['segments'], baseline }, seed)
  },
}
