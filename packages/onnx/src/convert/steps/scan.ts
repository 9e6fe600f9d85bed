/** @file Scan before opset 9, which also ran over a batch: a Scan over the batch around one over the sequence. */
import { attribute } from '../../attributes.js'
import { Graph, type Node, type Port } from '../../graph.js'
import type { ConvertContext } from '../context.js'
import { changed, type VersionStep } from '../step.js'

function batched(node: Node, ctx: ConvertContext): Node {
  const [lengths, ...inputs] = node.inputs
  if (lengths) ctx.fail('has sequences of different lengths (sequence_lens), which later Scans do not know')
  const body = attribute(node, 'body', 'graph')
  if (!body) return ctx.fail('has no body')
  const count = attribute(node, 'num_scan_inputs', 'int', 1)
  const directions = attribute(node, 'directions', 'ints')
  const states = inputs.length - count
  const row = (ports: readonly Port[], whole: (i: number) => boolean): Port[] =>
    ports.map(({ name, type }, i) => ({
      name: ctx.fresh(`row_${name}`),
      // A scanned value has one more dimension than its element.
      type: { ...type, shape: type.shape && (whole(i) ? type.shape : [null, ...type.shape]) },
    }))
  const rowInputs = row(body.inputs, i => i < states)
  const rowOutputs = row(body.outputs, i => i < states)
  const sequence: Node = {
    ...changed(node, {
      inputs: rowInputs.map(({ name }) => name),
      drop: ['directions'],
      set: { scan_input_directions: directions },
    }),
    name: ctx.fresh('sequence'),
    outputs: rowOutputs.map(({ name }) => name),
  }
  const perRow = new Graph({
    name: `${body.name}_rows`,
    nodes: [sequence],
    inputs: rowInputs,
    outputs: rowOutputs,
    initializers: new Map(),
  })
  return changed(node, { inputs, drop: ['directions'], set: { body: perRow, num_scan_inputs: inputs.length } })
}

export const scanSteps: readonly VersionStep[] = [{ operator: 'Scan', from: 8, to: 9, convert: batched }]
