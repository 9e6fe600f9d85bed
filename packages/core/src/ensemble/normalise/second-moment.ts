/** @file second-moment: divided by the root of the mean square: zero and signs stay. */
import { meanSquare, type Normaliser, scaled } from '../normaliser.js'

export const secondMoment: Normaliser = {
  name: 'second-moment',
  summary: 'divided by the root of the mean square: zero and signs stay',
  formula: 'v / sqrt(mean v^2); 0 where all values are 0',
  options: {},
  scale: values => scaled(values, 1 / Math.sqrt(meanSquare(values))),
}
