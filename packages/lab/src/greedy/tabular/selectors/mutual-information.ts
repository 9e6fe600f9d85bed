/** @file mutual-information: between the label and each column, in bins. */
import { quantileOfSorted } from '../../../statistics/index.js'
import type { Rows, SelectableColumn } from '../data/tabular-data.js'
import { byScore, type Selector } from './selector.js'

/**
 * I = sum_xy p(x, y) ln(p(x, y) / (p(x) p(y))) in nats, minus its bias under independence, (bins - 1)(classes - 1) / (2 n) (Miller, 1955), of
 * bins and classes that occur. Without the correction categories of many values would win by chance.
 */
export function mutualInformation(bins: ArrayLike<number>, labels: ArrayLike<number>): number {
  const n = labels.length
  const joint = new Map<number, Map<number, number>>()
  const classes = new Map<number, number>()
  for (let i = 0; i < n; i++) {
    const own = joint.get(bins[i]!) ?? new Map<number, number>()
    joint.set(bins[i]!, own)
    own.set(labels[i]!, (own.get(labels[i]!) ?? 0) + 1)
    classes.set(labels[i]!, (classes.get(labels[i]!) ?? 0) + 1)
  }
  let information = 0
  for (const own of joint.values()) {
    const inBin = [...own.values()].reduce((sum, count) => sum + count, 0)
    for (const [label, count] of own) information += (count / n) * Math.log((count * n) / (inBin * classes.get(label)!))
  }
  return information - ((joint.size - 1) * (classes.size - 1)) / (2 * n)
}

/** The bin of every row: a category's value, or the interval between quantiles of the rows that a number lies in. */
export function binsOf({ count, values }: Rows, features: number, column: SelectableColumn, bins: number): Int32Array {
  const at = (row: number, k = 0): number => values[row * features + column.start + k]!
  if (column.kind === 'category')
    return Int32Array.from({ length: count }, (_, row) => {
      const own = Array.from({ length: column.width }, (_, k) => at(row, k))
      return own.indexOf(Math.max(...own))
    })
  const sorted = Float64Array.from({ length: count }, (_, row) => at(row)).sort()
  const cuts = [...new Set(Array.from({ length: bins - 1 }, (_, k) => quantileOfSorted(sorted, (k + 1) / bins)))]
  return Int32Array.from({ length: count }, (_, row) => cuts.filter(cut => at(row) > cut).length)
}

/** Mutual information of each column with the label, in bins of equally many rows; no model. */
export const mutualInformationSelector: Selector = {
  name: 'mutual-information',
  summary: 'information of a column about the label, by itself, in bins',
  citation: 'Battiti: Using mutual information for selecting features in supervised neural net learning, 1994',
  options: { bins: { kind: 'number', default: 10, minimum: 2, maximum: 1000, integer: true, describe: 'bins of a number' } },
  model: false,
  draws: false,
  cost: () => ({ forwards: 0, gradients: 0 }),
  async select({ data }, { bins }) {
    return byScore(
      data.columns.map(column => mutualInformation(binsOf(data.train, data.features, column, bins), data.train.labels)),
    )
  },
}
