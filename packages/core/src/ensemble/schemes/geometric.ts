/** @file geometric: the geometric mean: high only where every member is. */
import { perPlace, type Scheme } from '../scheme.js'

export const geometric: Scheme = {
  name: 'geometric',
  summary: 'the geometric mean: high only where every member is',
  formula: '(product of max(v, 0))^(1 / n): 0 where any member is 0 or less',
  citation: 'textbook',
  options: {},
  combine: members =>
    perPlace(members, values => {
      let sum = 0
      for (const value of values) sum += Math.log(Math.max(0, value))
      return Math.exp(sum / values.length)
    }),
}
