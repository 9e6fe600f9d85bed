/** @file permutation: what the loss gains when a column's values are exchanged between rows. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import type { Rows } from '../data/tabular-data.js'
import { byScore, type Selector } from './selector.js'

/** A copy with the values of one column taken from other rows; the numbers of a category stay together. */
function exchanged(rows: Rows, features: number, { start, width }: { start: number; width: number }, from: Uint32Array): Rows {
  const values = Float32Array.from(rows.values)
  for (let row = 0; row < rows.count; row++) {
    const other = from[row]! * features + start
    values.set(rows.values.subarray(other, other + width), row * features + start)
  }
  return { ...rows, values }
}

/** Mean over `repeats` random orders of (mean training loss with the column exchanged between rows) - (mean training loss). */
export const permutation: Selector = {
  name: 'permutation',
  summary: 'rise of the loss when the values of a column are exchanged between rows',
  citation: 'Breiman: Random Forests, Machine Learning 2001',
  options: {
    repeats: { kind: 'number', default: 5, minimum: 1, maximum: 1000, integer: true, describe: 'random orders per column' },
  },
  model: true,
  draws: true,
  cost: (columns, { repeats }) => ({ forwards: 1 + columns * repeats, gradients: 0 }),
  async select({ program, data, seed }, { repeats }) {
    const { train, columns, features } = data
    const all = [new Float64Array(columns.length).fill(1)]
    const before = (await program.losses(train, all))[0]!
    const scores = new Float64Array(columns.length)
    for (const [c, column] of columns.entries())
      for (let repeat = 0; repeat < repeats; repeat++) {
        const order = shuffled(train.count, new Random(seed, c * repeats + repeat))
        const after = (await program.losses(exchanged(train, features, column, order), all))[0]!
        scores[c]! += (after - before) / repeats
      }
    return byScore(scores)
  },
}
