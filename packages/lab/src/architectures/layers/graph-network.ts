/** @file The frame of networks on graphs: layers with dropout before each and an activation between them. */
import type { OptionSpecs, Options } from '@ascribe/core'
import type { Task } from '../architecture.js'
import type { Network } from '../network.js'
import { type Neighbours, neighboursOf, withDegrees } from './neighbours.js'

/** Options that every network on a graph takes. */
export const graphOptions = {
  depth: { kind: 'number', default: 2, minimum: 1, integer: true, describe: 'layers: how many links a node looks away' },
  dropout: { kind: 'number', default: 0.5, minimum: 0, maximum: 0.9, describe: 'share of values dropped in training' },
  degrees: { kind: 'flag', default: false, describe: "each node's degree, counted in the weights, as one more column" },
} as const satisfies OptionSpecs

/** One layer: [b, N, inputs] -> [B, N, outputs] under this name. */
type Layer = (
  value: string,
  neighbours: Neighbours,
  name: string,
  inputs: number,
  outputs: number,
  last: boolean,
) => { readonly value: string; readonly width: number }

/**
 * Inputs: nodes [N, columns], edges [2, E] int64 in both directions, weights [B, E], and the degree that comes from outside [N] where
 * the graph is a part of another one. Gives logits [B, N, classes].
 */
export function graphNetwork(
  net: Network,
  [nodes, edges, weights, outside]: readonly string[],
  { row, classes }: Task,
  { width, depth, dropout, degrees }: Options,
  activation: string,
  layer: Layer,
): string {
  let value = net.emit('Unsqueeze', [nodes!, net.builder.ints([0])])
  const neighbours = neighboursOf(net, value, edges!, weights!, outside)
  let inputs = row[0]!
  if (degrees) value = withDegrees(net, value, neighbours, inputs++)
  for (let index = 0; index < depth; index++) {
    const last = index === depth - 1
    value = dropped(net, value, dropout, inputs)
    const made = layer(value, neighbours, `convolution${index + 1}`, inputs, last ? classes : width, last)
    value = last ? made.value : net.emit(activation, [made.value])
    inputs = made.width
  }
  return value
}

/** Dropout of [1, N, width]: a graph that trains is one row of edge weights. */
function dropped(net: Network, value: string, rate: number, width: number): string {
  if (!net.training || rate === 0) return value
  const flat = net.reshape(value, [-1, width])
  return net.emit('Unsqueeze', [net.dropout(flat, rate, [width]), net.builder.ints([0])])
}
