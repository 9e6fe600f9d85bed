/** @file A trained network on one part of a graph, as a model of the edges alone: mask in, logits out, many masks at a time. */
import type { Options } from '@ascribe/core'
import { type Graph, GraphBuilder, Tensor } from '@ascribe/onnx'
import type { Architecture } from '../../../architectures/architecture.js'
import { constantValues, Network } from '../../../architectures/network.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Part } from './subgraph.js'

/** A network with its parameters. */
export interface TrainedNetwork {
  readonly architecture: Architecture
  readonly options: Options
  /** A parameter's values by its name. */
  readonly parameter: (name: string) => Float32Array | undefined
  /** SHA-256 of the model's file. */
  readonly digest: string
}

/** Name of the input that is explained. */
export const maskInput = 'mask'

/**
 * Input `mask` ['batch', edges of the part], one number for both directions of an edge: 1 as it is, 0 deleted. Output `logits`
 * ['batch', classes] of the part's centre, or ['batch', nodes, classes] where it has none. Features, edges and parameters are constants.
 */
export function explanationModel({ architecture, options, parameter }: TrainedNetwork, graph: NodeGraph, part: Part): Graph {
  const { columns, features, classes } = graph
  const count = part.edges.length
  const builder = new GraphBuilder()
  const mask = builder.input(maskInput, 'float32', ['batch', count])
  const rows = new Float32Array(part.nodes.length * columns)
  for (const [i, node] of part.nodes.entries()) rows.set(features.subarray(node * columns, (node + 1) * columns), i * columns)
  const from = Array.from({ length: count }, (_, edge) => part.ends[2 * edge]!)
  const to = Array.from({ length: count }, (_, edge) => part.ends[2 * edge + 1]!)
  const net = new Network(builder, undefined, constantValues(parameter))
  const all = architecture.build(
    net,
    [
      builder.constant(Tensor.float32([part.nodes.length, columns], rows), 'nodes'),
      builder.constant(Tensor.from('int64', [2, 2 * count], [...from, ...to, ...to, ...from]), 'edges'),
      builder.emit('Concat', [mask, mask], { axis: 1 }),
      builder.constant(Tensor.float32([part.nodes.length], part.outside), 'outside'),
    ],
    { row: [columns], classes: classes.length },
    options,
  )
  const { centre } = part
  const logits =
    centre === undefined ? all : builder.emit('Gather', [all, builder.constant(Tensor.from('int64', [], [centre]))], { axis: 1 })
  builder.append({ domain: '', operator: 'Identity', name: 'logits', inputs: [logits], outputs: ['logits'], attributes: {} })
  const places = centre === undefined ? [part.nodes.length] : []
  builder.output('logits', 'float32', ['batch', ...places, classes.length])
  return builder.build({ name: `${architecture.name} of the edges` })
}
