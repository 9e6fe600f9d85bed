/** @file kemeny: the order that disagrees least with the members' orders. */
import type { Scheme } from '../scheme.js'

/** wins[a][b]: members that place a above b, minus those that place b above a. */
function margins(members: readonly Float64Array[]): Int32Array[] {
  const count = members[0]!.length
  return Array.from({ length: count }, (_, a) =>
    Int32Array.from({ length: count }, (_, b) => members.reduce((sum, member) => sum + Math.sign(member[a]! - member[b]!), 0)),
  )
}

/** Exact, by the best order of every subset: 2^n states. */
function exactOrder(margin: readonly Int32Array[]): number[] {
  const count = margin.length
  const best = new Float64Array(2 ** count).fill(Number.NEGATIVE_INFINITY)
  const last = new Int8Array(2 ** count)
  best[0] = 0
  for (let set = 0; set < best.length; set++)
    for (let next = 0; next < count; next++) {
      if (set & (1 << next)) continue
      // Everything not yet placed comes below `next`.
      let gain = best[set]!
      for (let other = 0; other < count; other++) if (other !== next && !(set & (1 << other))) gain += margin[next]![other]!
      const grown = set | (1 << next)
      if (gain > best[grown]!) {
        best[grown] = gain
        last[grown] = next
      }
    }
  const order: number[] = []
  for (let set = best.length - 1; set > 0; set &= ~(1 << last[set]!)) order.unshift(last[set]!)
  return order
}

/** From an order, single features are moved to their best place until none gains: a local optimum. */
function improvedOrder(margin: readonly Int32Array[], from: readonly number[]): number[] {
  const order = [...from]
  for (let improved = true; improved; ) {
    improved = false
    for (let place = 0; place < order.length; place++) {
      const moved = order[place]!
      let [gain, best, to] = [0, 0, place]
      for (let k = place - 1; k >= 0; k--) {
        gain += margin[moved]![order[k]!]!
        if (gain > best) [best, to] = [gain, k]
      }
      gain = 0
      for (let k = place + 1; k < order.length; k++) {
        gain -= margin[moved]![order[k]!]!
        if (gain > best) [best, to] = [gain, k]
      }
      if (to === place) continue
      order.splice(place, 1)
      order.splice(to, 0, moved)
      improved = true
    }
  }
  return order
}

const mostExact = 14

/** Places get (n - 1 - position) / (n - 1): 1 the first of the order, 0 the last. */
export const kemeny: Scheme = {
  name: 'kemeny',
  summary: 'the order that contradicts the members in the fewest pairs: for segments, not for pixels',
  formula:
    'order that maximises sum over pairs a above b of #(members with a above b) - #(b above a); exact up to 14 places, above that the best insertion moves from the Borda order; value (n - 1 - position) / (n - 1)',
  citation: 'Kemeny: Mathematics without numbers, 1959; Young, Levenglick, 1978',
  options: {},
  mostPlaces: 1000,
  combine: members => {
    const margin = margins(members)
    const count = margin.length
    const score = margin.map(row => row.reduce((sum, value) => sum + value, 0))
    const byScore = Array.from({ length: count }, (_, i) => i).sort((a, b) => score[b]! - score[a]! || a - b)
    const order = count <= mostExact ? exactOrder(margin) : improvedOrder(margin, byScore)
    const out = new Float64Array(count)
    order.forEach((place, position) => {
      out[place] = count > 1 ? (count - 1 - position) / (count - 1) : 1
    })
    return out
  },
}
