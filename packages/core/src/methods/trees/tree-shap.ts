/** @file tree-shap: exact Shapley values of tree ensembles. */
import { emptyMargin, explainedTrees, shapleyValues, treeOptions } from '../../trees/explained.js'
import { playerMaps } from '../../trees/players.js'
import type { Method } from '../method.js'

/**
 * Exact Shapley values of the trees behind the target, in double precision: of TreeEnsembleRegressor, TreeEnsembleClassifier and TreeEnsemble nodes,
 * their sums, averages and constant multiples. Two games:
 * - `interventional`: an absent column takes its value from a background row, averaged over the rows. O(leaves x rows).
 * - `path-dependent`: a split on an absent column is followed both ways with the share of training rows that went each way, from `nodes_hitrates`
 *   where they vary, else counted with the background. O(nodes x depth). Correlated columns share credit, and a column that the trees do not
 *   read never gets any.
 * The margin is explained: what the trees add up to before LOGISTIC, SOFTMAX or the like (a warning says so where the model applies one).
 *
 * Peers: shap rescales per background row to explain probabilities, which is no Shapley value; it tests additivity against a float32 prediction with
 * loose tolerance, and covers of zero give NaN there (here both ways count equally, with a warning). Splits are decided as ONNX
 * states them: any of the branch modes, NaN by `nodes_missing_value_tracks_true`.
 */
export const treeShap: Method = {
  name: 'tree-shap',
  summary: 'exact Shapley values of tree ensembles, against background rows or by node covers',
  formula: 'A_i = sum_S |S|! (n-|S|-1)! / n! (v(S+i) - v(S)), v(S) = E f(x_S, B) over rows B, or f followed by covers off S',
  citation: 'Lundberg et al.: From local explanations to global understanding with explainable AI for trees, Nature MI 2020',
  options: treeOptions,
  needs: ['trees'],
  promises: ['completeness', 'sign', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  async run(evaluator, options, seed) {
    const explained = explainedTrees(evaluator, options, seed)
    return {
      maps: playerMaps(evaluator, shapleyValues(explained)),
      value: explained.value,
      baselineValue: emptyMargin(explained),
      settled: { game: explained.game },
    }
  },
}
