/** @file random: any order. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import type { Selector } from './selector.js'

/** A random order of columns: what a selection is worth that knows nothing. */
export const random: Selector = {
  name: 'random',
  summary: 'a random order',
  citation: 'none',
  options: {},
  model: false,
  draws: true,
  cost: () => ({ forwards: 0, gradients: 0 }),
  async select({ data, seed }) {
    const order = [...shuffled(data.columns.length, new Random(seed, 77))]
    return { order, scores: order.map((_, column) => -order.indexOf(column)) }
  },
}
