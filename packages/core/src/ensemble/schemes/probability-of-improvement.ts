/** @file probability-of-improvement: how likely a place exceeds the level that few reach. */
import { incumbentOf, incumbentOptions, normalDistribution } from '../incumbent.js'
import { meanMap, type Scheme, spreadMap } from '../scheme.js'

export const probabilityOfImprovement: Scheme = {
  name: 'probability-of-improvement',
  summary: 'how likely a place exceeds the level that few reach',
  formula:
    'Phi(z), z = (mu - f* - xi) / sigma, f* a quantile of mu over the places; where sigma is 0: 1 above, 0 below, 0.5 at f* + xi',
  citation:
    'Mahlau, Nolde: Fidelity of Ensemble Aggregation for Saliency Map Explanations using Bayesian Optimization Techniques, 2022 (the idea; the definition is the textbook one)',
  options: incumbentOptions,
  combine: (members, { incumbent, xi }) => {
    const mean = meanMap(members)
    const spread = spreadMap(members, mean)
    const level = incumbentOf(mean, incumbent) + xi
    return mean.map((value, i) => {
      const gain = value - level
      return spread[i]! > 0 ? normalDistribution(gain / spread[i]!) : (1 + Math.sign(gain)) / 2
    })
  },
}
