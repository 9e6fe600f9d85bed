/** @file tree-shap-interactions: how much of a tree ensemble's Shapley values belongs to pairs of columns. */
import { UsageError } from '../../errors.js'
import { emptyMargin, explainedTrees, shapleyValues, treeOptions } from '../../trees/explained.js'
import { interventionalPairs, pathDependentPairs } from '../../trees/interactions.js'
import type { Method } from '../method.js'

/**
 * A matrix [1, columns, columns]. Off the diagonal, A_ij = A_ji is half the Shapley interaction index of i and j; on it stands what is left of i's
 * Shapley value, so that rows add up to the values of tree-shap and everything to f(x) - f(nothing present). Games and options as in tree-shap.
 * O(leaves x depth^3), times the rows for the interventional game. Peers: shap offers this for the path-dependent game only.
 */
export const treeShapInteractions: Method = {
  name: 'tree-shap-interactions',
  summary: 'exact Shapley interaction values of tree ensembles: a matrix over pairs of columns',
  formula:
    'A_ij = 1/2 sum_S |S|! (n-|S|-2)! / (n-1)! (v(S+i+j) - v(S+i) - v(S+j) + v(S)) for i != j; A_ii = phi_i - sum_{j != i} A_ij',
  citation: 'Lundberg et al.: From local explanations to global understanding with explainable AI for trees, Nature MI 2020',
  options: treeOptions,
  needs: ['trees'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  async run(evaluator, options, seed) {
    const [name, ...more] = evaluator.at
    if (more.length > 0)
      throw new UsageError(
        `tree-shap-interactions gives one matrix, and ${evaluator.at.join(', ')} are explained; name one tensor with --at`,
      )
    const explained = explainedTrees(evaluator, options, seed)
    const { parts, x, background, game } = explained
    const players = x.length
    const matrix = new Float64Array(players * players)
    for (const part of parts) {
      if (game === 'interventional') interventionalPairs(part, x, background!, matrix)
      else pathDependentPairs(part, part.covers!, x, matrix)
    }
    shapleyValues(explained).forEach((value, i) => {
      const row = matrix.subarray(i * players, (i + 1) * players)
      row[i] = value - row.reduce((sum, part) => sum + part, 0)
    })
    return {
      maps: { [name!]: { values: Float32Array.from(matrix), dims: [1, players, players] } },
      value: explained.value,
      baselineValue: emptyMargin(explained),
      settled: { game },
    }
  },
}
