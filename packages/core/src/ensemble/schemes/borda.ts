/** @file borda: the mean rank: methods vote with whole orders of places. */
import { ascendingOrder } from '../../radix-order.js'
import { meanMap, type Scheme } from '../scheme.js'

/** Adds (r - 1) / (n - 1) of every value. */
function addRanks(sums: Float64Array, values: Float64Array): void {
  const last = values.length - 1
  const order = ascendingOrder(values)
  for (let start = 0; start <= last; ) {
    const value = values[order[start]!]!
    let end = start + 1
    while (end <= last && values[order[end]!] === value) end++
    const rank = last === 0 ? 0.5 : (start + end - 1) / 2 / last
    for (let k = start; k < end; k++) sums[order[k]!]! += rank
    start = end
  }
}

export const borda: Scheme = {
  name: 'borda',
  summary: 'the mean rank: methods vote with whole orders of places',
  formula: 'mean over the members of (r - 1) / (n - 1), r the rank among n places, equal ones sharing the mean of their ranks',
  citation: 'de Borda, 1781',
  options: {},
  combine: members => {
    const out = new Float64Array(members[0]!.length)
    for (const member of members) addRanks(out, member)
    for (let i = 0; i < out.length; i++) out[i]! /= members.length
    return out
  },
  combineRanks: meanMap,
}
