/** @file Base graphs and motifs, as lists of edges between nodes 0, 1, ... */
import type { Random } from '@ascribe/core'

export type Links = readonly (readonly [number, number])[]

/** A small graph that gives its nodes their classes. */
export interface Motif {
  readonly nodes: number
  readonly links: Links
  /** Class of each node, counted from 0. */
  readonly roles: readonly number[]
}

/**
 * Preferential attachment: from `links` nodes without edges, every further node is joined to `links` different ones, drawn in proportion to
 * their degrees (the first to all of the start). Barabasi and Albert, Science 1999.
 */
export function preferentialAttachment(nodes: number, links: number, random: Random): Links {
  const made: [number, number][] = []
  const ends: number[] = []
  for (let node = links; node < nodes; node++) {
    const targets = new Set<number>()
    if (node === links) for (let other = 0; other < links; other++) targets.add(other)
    while (targets.size < links) targets.add(ends[random.integer(ends.length)]!)
    for (const target of targets) {
      made.push([target, node])
      ends.push(target, node)
    }
  }
  return made
}

/** A full binary tree of `height` levels below its root: 2^(height + 1) - 1 nodes. */
export const binaryTree = (height: number): Links =>
  Array.from({ length: 2 ** (height + 1) - 2 }, (_, i) => [i >> 1, i + 1] as const)

/** A square with a roof: the two nodes under the roof (class 0), the two at the ground (class 1), the roof (class 2). */
export const house: Motif = {
  nodes: 5,
  links: [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
    [4, 0],
    [4, 1],
  ],
  roles: [0, 0, 1, 1, 2],
}

export const cycle = (nodes: number): Motif => ({
  nodes,
  links: Array.from({ length: nodes }, (_, i) => [i, (i + 1) % nodes] as const),
  roles: new Array<number>(nodes).fill(0),
})

export const grid = (side: number): Motif => ({
  nodes: side * side,
  links: Array.from({ length: side * side }, (_, i) => i).flatMap(i => [
    ...(i % side < side - 1 ? [[i, i + 1] as const] : []),
    ...(i < side * (side - 1) ? [[i, i + side] as const] : []),
  ]),
  roles: new Array<number>(side * side).fill(0),
})
