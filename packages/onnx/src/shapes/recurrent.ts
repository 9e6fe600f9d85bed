/** @file LSTM, GRU, RNN. */
import type { Dimension } from '../graph.js'
import { expectRank, rules, unify } from './common.js'
import { floorDivideDims } from './dimension.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'

const gates: Readonly<Record<string, number>> = { LSTM: 4, GRU: 3, RNN: 1 }

function hiddenSize(c: ShapeContext): Dimension {
  const rows = c.shape(1)?.[1] ?? null
  return c.int('hidden_size') ?? c.shape(2)?.[2] ?? floorDivideDims(rows, gates[c.node.operator] ?? 1)
}

const recurrent =
  (states: number): ShapeRule =>
  c => {
    expectRank(c, 0, 3)
    expectRank(c, 1, 3)
    const dtype = c.dtype(0)
    const batchFirst = c.int('layout', 0) !== 0
    const x = c.shape(0)
    const [steps, batch] = x ? (batchFirst ? [x[1]!, x[0]!] : [x[0]!, x[1]!]) : [null, null]
    if (x) unify(c, x[2]!, c.shape(1)?.[2] ?? null, 'the last dimension of the input does not fit the weight')
    const directions = c.string('direction', 'forward') === 'bidirectional' ? 2 : 1
    const hidden = hiddenSize(c)
    const state: ShapeResult = { dtype, shape: batchFirst ? [batch, directions, hidden] : [directions, batch, hidden] }
    const sequence = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    return [{ dtype, shape: sequence }, ...new Array<ShapeResult>(states).fill(state)]
  }

export const recurrentRules: ShapeRules = { LSTM: recurrent(2), ...rules(['GRU', 'RNN'], recurrent(1)) }
