/** @file upper-confidence-bound: the mean plus the spread: what any member points at counts. */
import { fromMoments, type Scheme } from '../scheme.js'

export const upperConfidenceBound: Scheme = {
  name: 'upper-confidence-bound',
  summary: 'the mean plus the spread: what any member points at counts',
  formula: 'mu + kappa sigma',
  citation:
    'Mahlau, Nolde: Fidelity of Ensemble Aggregation for Saliency Map Explanations using Bayesian Optimization Techniques, 2022 (the idea; the definition is the textbook one)',
  options: {
    kappa: { kind: 'number', default: 1, minimum: 0, describe: 'weight of the deviation (our choice)' },
  },
  combine: (members, { kappa }) => fromMoments(members, (mean, deviation) => mean + kappa * deviation),
}
