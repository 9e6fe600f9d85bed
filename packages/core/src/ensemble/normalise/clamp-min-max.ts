/** @file clamp-min-max: negative values to 0, then the largest to 1. */
import { type Normaliser, toUnitRange } from '../normaliser.js'

export const clampMinMax: Normaliser = {
  name: 'clamp-min-max',
  summary: 'negative values to 0, then the largest to 1',
  formula: 'u = max(v, 0); (u - min u) / (max u - min u); 0 where all u are equal',
  options: {},
  scale: values => toUnitRange(values.map(value => Math.max(0, value))),
}
