/** @file rank: every value by its place among all. */
import { averageRanks } from '../../metrics/order.js'
import type { Normaliser } from '../normaliser.js'

export const rank: Normaliser = {
  name: 'rank',
  summary: 'every value by its place among all: 0 the smallest, 1 the largest',
  formula: '(r - 1) / (n - 1), r the rank among n values, equal ones sharing the mean of their ranks: 0.5 where all are equal',
  options: {},
  ranks: true,
  scale: values => {
    if (values.length === 1) return Float64Array.of(0.5)
    const ranks = averageRanks(values)
    for (let i = 0; i < ranks.length; i++) ranks[i] = (ranks[i]! - 1) / (ranks.length - 1)
    return ranks
  },
}
