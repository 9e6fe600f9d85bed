/** @file median-iqr: centre and spread that a few extreme values do not move. */
import { sortedQuantile } from '../../metrics/order.js'
import { meanOf, type Normaliser, scaled } from '../normaliser.js'

export const medianIqr: Normaliser = {
  name: 'median-iqr',
  summary: 'median 0, interquartile range 1: a few extreme values move nothing',
  formula:
    '(v - median) / (q75 - q25); where both quartiles are equal, as in sparse maps, divided by the mean of |v - median|; 0 where all values are equal',
  options: {},
  scale: values => {
    const sorted = values.slice().sort()
    const median = sortedQuantile(sorted, 0.5)
    const range = sortedQuantile(sorted, 0.75) - sortedQuantile(sorted, 0.25)
    return scaled(values, 1 / (range > 0 ? range : meanOf(values, value => Math.abs(value - median))), median)
  },
}
