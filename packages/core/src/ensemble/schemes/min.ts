/** @file min: the smallest member. */
import { perPlace, type Scheme } from '../scheme.js'

export const min: Scheme = {
  name: 'min',
  summary: 'the smallest member',
  formula: 'min over the members',
  citation: 'textbook',
  options: {},
  combine: members =>
    perPlace(members, values => {
      let found = values[0]!
      for (let m = 1; m < values.length; m++) if (values[m]! < found) found = values[m]!
      return found
    }),
}
