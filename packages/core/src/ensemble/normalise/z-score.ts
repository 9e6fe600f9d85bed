/** @file z-score: mean 0, standard deviation 1. */
import { isFlat, meanOf, meanSquare, type Normaliser, scaled } from '../normaliser.js'

export const zScore: Normaliser = {
  name: 'z-score',
  summary: 'mean 0, standard deviation 1',
  formula: '(v - mean) / standard deviation (of the population); 0 where all values are equal',
  options: {},
  scale: values => {
    const mean = meanOf(values)
    const deviation = Math.sqrt(meanSquare(values, mean))
    return scaled(values, isFlat(values) ? Number.NaN : 1 / deviation, mean)
  },
}
