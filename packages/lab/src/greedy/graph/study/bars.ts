/** @file The study's question: is a greedy selection above integrated gradients and saliency on fidelity AUC? */
import { holm } from '../../../statistics/index.js'
import { compare, type Versus, verdictOf } from './compare.js'
import { type Group, groupsOf, nodeTable } from './groups.js'
import { nodeMeasures } from './measures.js'
import type { GraphScores } from './study.js'
import { leastAgreement } from './twin-stage.js'

export const champions = ['greedy-pig', 'greedy-two-sided'] as const
const rivals = ['integrated-gradients', 'saliency'] as const
export const barMeasures = ['fidelity-auc', 'twin-fidelity-auc'] as const

/** A twin that answers otherwise than its network is another network: the group's numbers on twins count where every twin agrees. */
const twinsCount = ({ networks }: Group): boolean => networks.every(({ agreement = 0 }) => agreement >= leastAgreement)

/** One comparison. Those of one champion on one measure, over all graphs, architectures and rivals, are one family for Holm. */
export interface Bar {
  readonly champion: string
  readonly measure: string
  readonly graph: string
  readonly architecture: string
  readonly rival: string
  readonly versus: Versus
}

export function barsOf(scores: readonly GraphScores[], seed: number): Bar[] {
  const groups = groupsOf(scores).map(group => ({ group, table: nodeTable(group) }))
  return champions.flatMap(champion =>
    barMeasures.flatMap(name => {
      const measure = nodeMeasures.find(one => one.name === name)!
      const family = groups.flatMap(({ group, table }) => {
        const { graph, architecture } = group
        return rivals.flatMap(rival => {
          if (name === 'twin-fidelity-auc' && !twinsCount(group)) return []
          if (!table.methods.includes(champion) || !table.methods.includes(rival)) return []
          const [own, other] = [table.valuesOf(champion, measure), table.valuesOf(rival, measure)]
          const found = compare(own, other, table.sources, seed)
          return found ? [{ champion, measure: name, graph: graph.name, architecture, rival, found }] : []
        })
      })
      const adjusted = holm(family.map(({ found }) => found.p))
      return family.map(({ found, ...bar }, i) => ({
        ...bar,
        versus: { ...found, p: adjusted[i]!, verdict: verdictOf(found, adjusted[i]!, measure.higherIsBetter) },
      }))
    }),
  )
}
