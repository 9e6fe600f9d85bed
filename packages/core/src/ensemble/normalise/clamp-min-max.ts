/** @file clamp-min-max: negative values to 0, then the largest to 1. */
import { clipped, type Normaliser, toUnitRange } from '../normaliser.js'

export const clampMinMax: Normaliser = {
  name: 'clamp-min-max',
  summary: 'negative values to 0, then the largest to 1',
  formula: 'u = max(v, 0); (u - min u) / (max u - min u); 0 where all u are equal',
  options: {},
  scale: values => toUnitRange(clipped(values, 0, Number.POSITIVE_INFINITY)),
}
