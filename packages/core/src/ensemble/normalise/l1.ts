/** @file l1: absolute values sum to 1: every map has the same mass. */
import { meanDistance, type Normaliser, scaled } from '../normaliser.js'

export const l1: Normaliser = {
  name: 'l1',
  summary: 'absolute values sum to 1: every map has the same mass',
  formula: 'v / sum |v|; 0 where all values are 0',
  options: {},
  scale: values => scaled(values, 1 / (meanDistance(values) * values.length)),
}
