/** @file min: the smallest member. */
import type { Scheme } from '../scheme.js'

export const min: Scheme = {
  name: 'min',
  summary: 'the smallest member',
  formula: 'min over the members',
  citation: 'textbook',
  options: {},
  combine: members =>
    members.slice(1).reduce((out, member) => out.map((value, i) => Math.min(value, member[i]!)), members[0]!.slice()),
}
