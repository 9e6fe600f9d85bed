/** @file max: the largest member. */
import type { Scheme } from '../scheme.js'

export const max: Scheme = {
  name: 'max',
  summary: 'the largest member',
  formula: 'max over the members',
  citation: 'textbook',
  options: {},
  combine: members =>
    members.slice(1).reduce((out, member) => out.map((value, i) => Math.max(value, member[i]!)), members[0]!.slice()),
}
