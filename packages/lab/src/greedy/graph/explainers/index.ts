/** @file Every explainer of the studies on graphs, listed once; PGExplainer, which is trained first, is added by the study. */
import {
  ablations,
  greedyGain,
  greedyPig,
  integratedGradients,
  objectiveVariants,
  saliency,
  sequentialGradient,
  signedGradient,
} from './attribution.js'
import { byDegree, byRarity, random } from './controls.js'
import type { Explainer } from './explainer.js'
import { gnnExplainer } from './gnn-explainer.js'
import { twoSidedExplainers } from './two-sided.js'

/** In the order of the report. */
export const explainers: readonly Explainer[] = [
  greedyPig,
  integratedGradients,
  sequentialGradient,
  saliency,
  signedGradient,
  gnnExplainer,
  greedyGain,
  ...twoSidedExplainers,
  ...objectiveVariants,
  ...ablations,
  random,
  byDegree,
  byRarity,
]

/** Names of explainers in the order of the list, PGExplainer beside the other one that learns a mask. */
export function listedOrder(names: readonly string[]): string[] {
  const place = (name: string): number =>
    explainers.findIndex(one => one.name === (name === 'pg-explainer' ? gnnExplainer.name : name))
  return [...names].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
}
