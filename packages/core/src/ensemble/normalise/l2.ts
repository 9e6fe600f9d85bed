/** @file l2: squares sum to 1. */
import { meanSquare, type Normaliser, scaled } from '../normaliser.js'

export const l2: Normaliser = {
  name: 'l2',
  summary: 'squares sum to 1',
  formula: 'v / sqrt(sum v^2); 0 where all values are 0',
  options: {},
  scale: values => scaled(values, 1 / Math.sqrt(meanSquare(values) * values.length)),
}
