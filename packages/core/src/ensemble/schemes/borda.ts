/** @file borda: the mean rank: methods vote with whole orders of places. */
import { rank } from '../normalise/rank.js'
import { meanMap, type Scheme } from '../scheme.js'

export const borda: Scheme = {
  name: 'borda',
  summary: 'the mean rank: methods vote with whole orders of places',
  formula: 'mean over the members of (r - 1) / (n - 1), r the rank among n places, equal ones sharing the mean of their ranks',
  citation: 'de Borda, 1781',
  options: {},
  combine: members => meanMap(members.map(member => rank.scale(member, {}))),
}
