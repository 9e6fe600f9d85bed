/** @file saabas: the change of the mean value at every split on a row's way down the trees. */
import { emptyMargin, explainedTrees, treeOptions } from '../../trees/explained.js'
import { passes } from '../../trees/forest.js'
import { nodeMeans } from '../../trees/path-dependent.js'
import { playerMaps } from '../../trees/players.js'
import type { Method } from '../method.js'

/**
 * Node means are by covers, from `nodes_hitrates` where they vary, else counted with the background. Values add up to the margin minus its mean, and
 * depend on the order of splits: columns near the leaves get more than their Shapley value. Peers: `approximate=True` in shap's tree explainer,
 * treeinterpreter.
 */
export const saabas: Method = {
  name: 'saabas',
  summary: "how a tree ensemble's mean value changes at each split on the row's way; quick, depends on the order of splits",
  formula: 'A_i = sum over splits on i that x passes of E[value | next node] - E[value | split]',
  citation: 'Saabas: Interpreting random forests, 2014',
  options: { background: treeOptions.background },
  needs: ['trees'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  async run(evaluator, options, seed) {
    const explained = explainedTrees(evaluator, { ...options, game: 'path-dependent' }, seed)
    const values = new Float64Array(explained.x.length)
    for (const part of explained.parts) {
      const means = nodeMeans(part, part.covers!)
      const { column, yes, no, roots } = part.forest
      for (const root of roots) {
        let node = root
        while (column[node]! >= 0) {
          const next = passes(part.forest, node, explained.x[column[node]!]!) ? yes[node]! : no[node]!
          values[column[node]!]! += means[next]! - means[node]!
          node = next
        }
      }
    }
    return { maps: playerMaps(evaluator, values), value: explained.value, baselineValue: emptyMargin(explained) }
  },
}
