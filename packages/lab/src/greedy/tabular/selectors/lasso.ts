/** @file lasso: columns in the order in which they enter a logistic regression whose penalty is loosened. */
import type { TabularData } from '../data/tabular-data.js'
import { type GroupedDesign, groupLassoPath } from './group-lasso.js'
import type { Selector } from './selector.js'

/**
 * Columns as groups of an orthonormal design: a number over its deviation; of a category the indicators over the roots of their shares,
 * whose covariance is a projection of rank values - 1. Nothing is centred: the constants, which are free, take that up. A group's weight is
 * the root of its rank (Yuan and Lin, 2006).
 */
export function designOf({ train, columns, features, classes }: TabularData): GroupedDesign {
  const { count, values } = train
  const scales = new Float64Array(features)
  const groups = columns.map(({ kind, start, width }) => {
    let used = 0
    for (let f = start; f < start + width; f++) {
      let [sum, squares] = [0, 0]
      for (let row = 0; row < count; row++) sum += values[row * features + f]!
      const mean = sum / count
      for (let row = 0; row < count; row++) squares += (values[row * features + f]! - mean) ** 2
      const scale = kind === 'number' ? Math.sqrt(squares / count) : Math.sqrt(mean)
      if (scale === 0) continue
      used++
      scales[f] = 1 / scale
    }
    return { start, width, weight: Math.sqrt(Math.max(1, kind === 'category' ? used - 1 : 1)) }
  })
  const scaled: number[] = []
  const at: number[] = []
  const from = new Int32Array(count + 1)
  for (let row = 0; row < count; row++) {
    for (let f = 0; f < features; f++) {
      const value = values[row * features + f]! * scales[f]!
      if (value === 0) continue
      scaled.push(value)
      at.push(f)
    }
    from[row + 1] = at.length
  }
  return {
    rows: count,
    features,
    values: Float64Array.from(scaled),
    at: Int32Array.from(at),
    from,
    labels: train.labels,
    classes: classes.length,
    groups,
  }
}

/**
 * Multinomial logistic regression with the group penalty sum_g sqrt(rank_g) |W_g|, one group per column. Columns are ordered by the penalty
 * at which they enter, those that enter together by the norm of their coefficients there, those that never do by their order in the table.
 */
export const lasso: Selector = {
  name: 'lasso',
  summary: 'order of entering a logistic regression with a group L1 penalty; no network',
  citation: 'Meier, van de Geer, Buhlmann: The group lasso for logistic regression, JRSS B 2008',
  options: {
    steps: { kind: 'number', default: 40, minimum: 2, maximum: 1000, integer: true, describe: 'penalties on the path' },
    ratio: { kind: 'number', default: 0.001, minimum: 1e-9, maximum: 0.99, describe: 'last penalty over the first' },
  },
  model: false,
  draws: false,
  cost: () => ({ forwards: 0, gradients: 0 }),
  async select({ data }, { steps, ratio }) {
    const path = groupLassoPath(designOf(data), { steps, ratio })
    const entries = data.columns.map((_, column) => {
      const step = path.findIndex(({ norms }) => norms[column]! > 0)
      return step < 0 ? { penalty: 0, norm: 0 } : { penalty: path[step]!.penalty, norm: path[step]!.norms[column]! }
    })
    const order = [...entries.keys()].sort(
      (a, b) => entries[b]!.penalty - entries[a]!.penalty || entries[b]!.norm - entries[a]!.norm || a - b,
    )
    return { order, scores: entries.map(({ penalty }) => penalty) }
  },
}
