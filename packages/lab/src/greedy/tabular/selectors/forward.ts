/** @file forward: exact greedy selection, by trying every column in every round. */
import type { Selector } from './selector.js'

/** Each round adds the column c with the largest G(S + c) - G(S), G(S) = -mean training loss with the columns of S shown. */
export const forward: Selector = {
  name: 'forward-selection',
  summary: 'the exact gain of every column in every round: n (n + 1) / 2 losses of the training set',
  citation: 'Nemhauser, Wolsey, Fisher: An analysis of approximations for maximizing submodular set functions, 1978',
  options: {},
  model: true,
  draws: false,
  cost: columns => ({ forwards: 1 + (columns * (columns + 1)) / 2, gradients: 0 }),
  async select({ program, data }) {
    const { columns } = program
    const selected = new Float64Array(columns)
    const scores = new Array<number>(columns).fill(0)
    const order: number[] = []
    let reached = (await program.losses(data.train, [selected]))[0]!
    while (order.length < columns) {
      const left = Array.from(selected.keys()).filter(column => selected[column] === 0)
      const masks = left.map(column => selected.map((value, c) => (c === column ? 1 : value)))
      const losses = await program.losses(data.train, masks)
      const best = losses.indexOf(Math.min(...losses))
      const column = left[best]!
      scores[column] = reached - losses[best]!
      reached = losses[best]!
      selected[column] = 1
      order.push(column)
    }
    return { order, scores }
  },
}
