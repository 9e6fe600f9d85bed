/** @file lower-confidence-bound: the mean minus the spread: what the members agree on counts. */
import { fromMoments, type Scheme } from '../scheme.js'

export const lowerConfidenceBound: Scheme = {
  name: 'lower-confidence-bound',
  summary: 'the mean minus the spread: what the members agree on counts',
  formula: 'mu - kappa sigma',
  citation:
    'Mahlau, Nolde: Fidelity of Ensemble Aggregation for Saliency Map Explanations using Bayesian Optimization Techniques, 2022 (the idea; the definition is the textbook one)',
  options: {
    kappa: { kind: 'number', default: 1, minimum: 0, describe: 'weight of the deviation (our choice)' },
  },
  combine: (members, { kappa }) => fromMoments(members, (mean, deviation) => mean - kappa * deviation),
}
