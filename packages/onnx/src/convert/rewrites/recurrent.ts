/** @file Recurrent operators with the batch first (layout 1), which ONNX Runtime's CPU kernels lack, as layout 0. */
import { attribute } from '../../attributes.js'
import type { PlainAttributes } from '../../build.js'
import { without } from '../context.js'
import type { Rewrite } from './index.js'

/** Inputs X and the initial states, whose batch axis moves; the other inputs have none. */
const batchFirst: Readonly<Record<string, readonly number[]>> = { RNN: [0, 5], GRU: [0, 5], LSTM: [0, 5, 6] }

const timeMajor: Rewrite = (node, ctx) => {
  if (attribute(node, 'layout', 'int', 0) === 0) return false
  const moved = batchFirst[node.operator]!
  const inputs = node.inputs.map((name, i) =>
    name && moved.includes(i) ? ctx.emit('Transpose', [name], { perm: [1, 0, 2] }) : name,
  )
  const plain = without(node.attributes, 'layout') as PlainAttributes
  const results = ctx.emitAll(node.operator, inputs, node.outputs.length, plain)
  node.outputs.forEach((output, i) => {
    // Y is [S, directions, B, H] and becomes [B, S, directions, H]; the last states are [directions, B, H].
    if (output) ctx.emitTo([output], 'Transpose', [results[i]!], { perm: i === 0 ? [2, 0, 1, 3] : [1, 0, 2] })
  })
  return true
}

export const recurrentOperators: Readonly<Record<string, Rewrite>> = { RNN: timeMajor, GRU: timeMajor, LSTM: timeMajor }
