/** @file A trained network as a model that any ONNX runtime loads. */
import type { Options } from '@ascribe/core'
import { foldBatchNorm, type Graph, GraphBuilder } from '@ascribe/onnx'
import type { Architecture, Task } from '../architectures/architecture.js'
import { constantValues, Network } from '../architectures/network.js'
import type { Layout } from './vector.js'

export interface ExportOptions {
  readonly architecture: Architecture
  readonly architectureOptions: Options
  readonly task: Task
  readonly layout: Layout
  readonly parameters: Float32Array
  readonly statistics: Float32Array
  /** Class names, kept in the metadata under `labels`. */
  readonly classes: readonly string[]
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * The inference graph: input `input` ['batch', ...row] float32 (pictures in [-1, 1]), output `logits` ['batch', classes]; batch norm
 * folded into the convolutions before it. A graph network reads `input` [nodes, columns], `edge_index` [2, edges] int64 with every edge in
 * both directions, and `edge_weight` [edges] in [0, 1], and answers `logits` [nodes, classes].
 */
export function exportGraph(options: ExportOptions): Graph {
  const { architecture, task, classes, metadata = {} } = options
  const builder = new GraphBuilder()
  const rows = architecture.reads === 'graph' ? 'nodes' : 'batch'
  const inputs = [builder.input('input', 'float32', [rows, ...task.row])]
  if (architecture.reads === 'graph') {
    inputs.push(builder.input('edge_index', 'int64', [2, 'edges']))
    inputs.push(builder.emit('Unsqueeze', [builder.input('edge_weight', 'float32', ['edges']), builder.ints([0])]))
  }
  const net = new Network(builder, undefined, constantValues(options.layout.reader(options.parameters, options.statistics)))
  const built = architecture.build(net, inputs, task, options.architectureOptions)
  const logits = architecture.reads === 'graph' ? net.reshape(built, [-1, task.classes]) : built
  builder.append({ domain: '', operator: 'Identity', name: 'logits', inputs: [logits], outputs: ['logits'], attributes: {} })
  builder.output('logits', 'float32', [rows, task.classes])
  return foldBatchNorm(
    builder.build({
      name: architecture.name,
      metadata: new Map([['labels', JSON.stringify(classes)], ...Object.entries(metadata)]),
    }),
  )
}
