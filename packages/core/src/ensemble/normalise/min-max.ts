/** @file min-max: smallest value to 0, largest to 1. */
import { type Normaliser, toUnitRange } from '../normaliser.js'

export const minMax: Normaliser = {
  name: 'min-max',
  summary: 'smallest value to 0, largest to 1',
  formula: '(v - min) / (max - min); 0 where all values are equal',
  options: {},
  scale: toUnitRange,
}
