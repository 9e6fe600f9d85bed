/** @file thompson: a draw from the members' normal distribution at every place. */
import { Random } from '../../random.js'
import { fromMoments, type Scheme } from '../scheme.js'

export const thompson: Scheme = {
  name: 'thompson',
  summary: "a draw from the members' normal distribution at every place",
  formula: 'mu + sigma e, e ~ N(0, 1) drawn for each place',
  citation:
    'Mahlau, Nolde: Fidelity of Ensemble Aggregation for Saliency Map Explanations using Bayesian Optimization Techniques, 2022 (the idea; the definition is the textbook one)',
  options: {},
  combine: (members, _, seed) => {
    const random = new Random(seed, 0x7405)
    return fromMoments(members, (mean, deviation) => mean + deviation * random.normal())
  },
}
