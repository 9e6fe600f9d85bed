/** @file max: the largest member. */
import { perPlace, type Scheme } from '../scheme.js'

export const max: Scheme = {
  name: 'max',
  summary: 'the largest member',
  formula: 'max over the members',
  citation: 'textbook',
  options: {},
  combine: members => perPlace(members, values => Math.max(...values)),
}
