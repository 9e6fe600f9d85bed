/** @file Explainers that do not look at the model. */
import { Random } from '@ascribe/core'
import type { Explainer } from './explainer.js'

const nothing = { forwards: 0, gradients: 0 } as const

export const random: Explainer = {
  name: 'random',
  summary: 'edges in random order',
  control: true,
  scope: 'both',
  cost: () => nothing,
  async explain({ part }, { seed }) {
    const draws = new Random(seed, 1)
    return { scores: Float64Array.from(part.edges, () => draws.uniform()), cost: nothing }
  },
}

export const byDegree: Explainer = {
  name: 'degree',
  summary: "edges by the product of their ends' degrees, the largest first",
  control: true,
  scope: 'both',
  cost: () => nothing,
  async explain({ part: { edges, ends }, degrees }) {
    return { scores: Float64Array.from(edges, (_, i) => degrees[ends[2 * i]!]! * degrees[ends[2 * i + 1]!]!), cost: nothing }
  },
}

/** Edges between nodes of few links: the other end of the same control. */
export const byRarity: Explainer = {
  name: 'low-degree',
  summary: "edges by the product of their ends' degrees, the smallest first",
  control: true,
  scope: 'both',
  cost: () => nothing,
  async explain({ part: { edges, ends }, degrees }) {
    return { scores: Float64Array.from(edges, (_, i) => -degrees[ends[2 * i]!]! * degrees[ends[2 * i + 1]!]!), cost: nothing }
  },
}
