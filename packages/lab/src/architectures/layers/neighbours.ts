/** @file What every network on a graph needs: values read along its edges, and added where they arrive. */
import type { Network } from '../network.js'

/**
 * The edges of a graph inside a network. Each has a weight in [0, 1], B sets of weights at a time: at 0 the network answers what it
 * answers without the edge. Loops are no edges: what a node keeps of itself has no weight.
 */
export interface Neighbours {
  /** [E]: nodes that edges leave, and nodes that they enter. */
  readonly sources: string
  readonly targets: string
  /** [B, E, 1] */
  readonly weights: string
  /** [B, N, 1]: sum of the weights of the edges that enter a node, and of what enters from outside the part of a graph shown. */
  readonly degree: string
  /** [2]: B and N. */
  readonly dims: string
}

/**
 * @param x [1, N, columns] @param edges [2, E] int64 @param weights [B, E] @param outside [N], edges that enter from outside; none by default
 */
export function neighboursOf(net: Network, x: string, edges: string, weights: string, outside?: string): Neighbours {
  const row = (index: number): string =>
    net.reshape(net.emit('Slice', [edges, net.builder.ints([index]), net.builder.ints([index + 1]), net.builder.ints([0])]), [-1])
  const [sources, targets] = [row(0), row(1)]
  const size = (value: string, axis: number): string => net.emit('Shape', [value], { start: axis, end: axis + 1 })
  const dims = net.emit('Concat', [size(weights, 0), size(x, 1)], { axis: 0 })
  const column = net.emit('Unsqueeze', [weights, net.builder.ints([2])])
  const links = { sources, targets, weights: column, dims }
  const inside = arriving(net, links, column, 1)
  const degree = outside === undefined ? inside : net.emit('Add', [inside, net.reshape(outside, [1, -1, 1])])
  return { ...links, degree }
}

/** [b, N, width] -> [b, E, width]: of each edge the node that it leaves, or enters. */
export const along = (net: Network, value: string, nodes: string): string => net.emit('Gather', [value, nodes], { axis: 1 })

/** [B, E, width] -> [B, N, width]: sums over the edges that enter a node. */
export function arriving(
  net: Network,
  { targets, dims }: Pick<Neighbours, 'targets' | 'dims'>,
  messages: string,
  width: number,
): string {
  const empty = net.emit('Expand', [net.scalar(0), net.emit('Concat', [dims, net.builder.ints([width])], { axis: 0 })])
  const index = net.emit('Expand', [net.reshape(targets, [1, -1, 1]), net.emit('Shape', [messages])])
  return net.emit('ScatterElements', [empty, index, messages], { axis: 1, reduction: 'add' })
}

/**
 * The whole number below the largest of a node's own score and those of the edges that enter it, [B, N, width]; edges of weight 0 are not
 * looked at. No gradient goes through it: what is taken off before an exponential cancels.
 */
export function topArriving(
  net: Network,
  { targets, dims, weights }: Neighbours,
  own: string,
  scores: string,
  width: number,
): string {
  const there = net.emit('Greater', [weights, net.scalar(0)])
  const present = net.emit('Where', [there, scores, net.scalar(-1e30)])
  const start = net.emit('Expand', [own, net.emit('Concat', [dims, net.builder.ints([width])], { axis: 0 })])
  const index = net.emit('Expand', [net.reshape(targets, [1, -1, 1]), net.emit('Shape', [present])])
  return net.emit('Floor', [net.emit('ScatterElements', [start, index, present], { axis: 1, reduction: 'max' })])
}

/** [b, N, columns] with log(1 + degree) as one more column: for graphs whose nodes have nothing to tell but their links. */
export function withDegrees(net: Network, x: string, { degree, dims }: Neighbours, columns: number): string {
  const wide = net.emit('Expand', [x, net.emit('Concat', [dims, net.builder.ints([columns])], { axis: 0 })])
  const logarithm = net.emit('Log', [net.emit('Add', [degree, net.scalar(1)])])
  return net.emit('Concat', [wide, logarithm], { axis: 2 })
}
