/** @file mean-over-deviation: the mean divided by the spread: disputed places count less. */
import { meanMap, type Scheme, spreadMap } from '../scheme.js'

export const meanOverDeviation: Scheme = {
  name: 'mean-over-deviation',
  summary: 'the mean divided by the spread: disputed places count less',
  formula: 'mu / (sigma + epsilon m), m the mean of |mu| over the places; 0 where the mean map is 0',
  citation: 'Rieger, Hansen: Aggregating explanation methods for stable and robust explainability, 2019',
  options: {
    epsilon: { kind: 'number', default: 10, minimum: 0.000001, describe: 'added to the deviation, in units of the mean of |mu|' },
  },
  combine: (members, { epsilon }) => {
    const mean = meanMap(members)
    const spread = spreadMap(members, mean)
    const floor = (epsilon * mean.reduce((sum, value) => sum + Math.abs(value), 0)) / mean.length
    return mean.map((value, i) => (value === 0 ? 0 : value / (spread[i]! + floor)))
  },
}
