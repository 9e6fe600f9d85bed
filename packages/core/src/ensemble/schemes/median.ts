/** @file median: the middle value of the members. */
import { perPlace, type Scheme, sortFew } from '../scheme.js'

export const median: Scheme = {
  name: 'median',
  summary: 'the middle value of the members',
  formula: 'median of the members; of an even number the mean of the two in the middle',
  citation: 'textbook',
  options: {},
  combine: members =>
    perPlace(members, values => {
      sortFew(values)
      const half = values.length >> 1
      return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2
    }),
}
