/** @file median-iqr: centre and spread that a few extreme values do not move. */
import { meanDistance, type Normaliser, scaled } from '../normaliser.js'
import { quantilesOf } from '../selection.js'

export const medianIqr: Normaliser = {
  name: 'median-iqr',
  summary: 'median 0, interquartile range 1: a few extreme values move nothing',
  formula:
    '(v - median) / (q75 - q25); where both quartiles are equal, as in sparse maps, divided by the mean of |v - median|; 0 where all values are equal',
  options: {},
  scale: values => {
    const [low, median, high] = quantilesOf(values, [0.25, 0.5, 0.75]) as [number, number, number]
    const range = high - low
    return scaled(values, 1 / (range > 0 ? range : meanDistance(values, median)), median)
  },
}
