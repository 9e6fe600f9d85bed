/** @file expected-improvement: how far a place is expected to exceed the level that few reach. */
import { incumbentOf, incumbentOptions, normalDensity, normalDistribution } from '../incumbent.js'
import { meanMap, type Scheme, spreadMap } from '../scheme.js'

export const expectedImprovement: Scheme = {
  name: 'expected-improvement',
  summary: 'how far a place is expected to exceed the level that few reach',
  formula:
    '(mu - f* - xi) Phi(z) + sigma phi(z), z = (mu - f* - xi) / sigma, f* a quantile of mu over the places; where sigma is 0: max(mu - f* - xi, 0)',
  citation:
    'Mahlau, Nolde: Fidelity of Ensemble Aggregation for Saliency Map Explanations using Bayesian Optimization Techniques, 2022 (the idea; the definition is the textbook one)',
  options: incumbentOptions,
  combine: (members, { incumbent, xi }) => {
    const mean = meanMap(members)
    const spread = spreadMap(members, mean)
    const level = incumbentOf(mean, incumbent) + xi
    return mean.map((value, i) => {
      const [gain, deviation] = [value - level, spread[i]!]
      const z = gain / deviation
      return deviation > 0 ? gain * normalDistribution(z) + deviation * normalDensity(z) : Math.max(0, gain)
    })
  },
}
