/** @file One node's explanation laid over the edges of another: what a mask says without what it was made for. */
import type { Part } from '../models/subgraph.js'

/** Links from the centre to each of the part's nodes. */
function distances({ nodes, ends, centre = 0 }: Part): Int32Array {
  const found = new Int32Array(nodes.length).fill(nodes.length)
  found[centre] = 0
  for (let changed = true; changed; ) {
    changed = false
    for (let edge = 0; edge < ends.length / 2; edge++) {
      const [a, b] = [ends[2 * edge]!, ends[2 * edge + 1]!]
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const)
        if (found[from]! + 1 < found[to]!) {
          found[to] = found[from]! + 1
          changed = true
        }
    }
  }
  return found
}

/** Edges by the distance of their nearer end from the centre, then by the product of their ends' degrees, the largest first. */
function placed(part: Part, degrees: ArrayLike<number>): number[] {
  const far = distances(part)
  const { ends } = part
  const key = (edge: number): readonly [number, number] => {
    const [a, b] = [ends[2 * edge]!, ends[2 * edge + 1]!]
    return [Math.min(far[a]!, far[b]!), -degrees[a]! * degrees[b]!]
  }
  const keys = Array.from({ length: part.edges.length }, (_, edge) => key(edge))
  return [...keys.keys()].sort((a, b) => keys[a]![0] - keys[b]![0] || keys[a]![1] - keys[b]![1] || a - b)
}

export interface Placed {
  readonly part: Part
  /** Of the part's nodes in the whole graph. */
  readonly degrees: ArrayLike<number>
}

/**
 * The order of another part's edges in which each edge has the place of the edge that lies there in `from`, both lists of edges being laid
 * over each other from the centre outwards.
 */
export function transported(ranked: ArrayLike<number>, from: Placed, to: Placed): Int32Array {
  const place = new Int32Array(ranked.length)
  for (let i = 0; i < ranked.length; i++) place[ranked[i]!] = i
  const own = placed(from.part, from.degrees)
  const other = placed(to.part, to.degrees)
  const given = new Float64Array(other.length)
  other.forEach((edge, i) => {
    given[edge] = place[own[Math.floor((i * own.length) / other.length)]!]!
  })
  return Int32Array.from(given.keys()).sort((a, b) => given[a]! - given[b]! || a - b)
}
