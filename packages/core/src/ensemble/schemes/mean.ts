/** @file mean: the mean of the members. */
import { meanMap, type Scheme } from '../scheme.js'

export const mean: Scheme = {
  name: 'mean',
  summary: 'the mean of the members',
  formula: 'mu',
  citation: 'Rieger, Hansen: Aggregating explanation methods for stable and robust explainability, 2019',
  options: {},
  combine: meanMap,
}
