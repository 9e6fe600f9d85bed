/** @file max-abs: divided by the largest absolute value: zero and signs stay. */
import { type Normaliser, rangeOf, scaled } from '../normaliser.js'

export const maxAbs: Normaliser = {
  name: 'max-abs',
  summary: 'divided by the largest absolute value: zero and signs stay',
  formula: 'v / max |v|; 0 where all values are 0',
  options: {},
  scale: values => scaled(values, 1 / Math.max(...rangeOf(values).map(Math.abs))),
}
