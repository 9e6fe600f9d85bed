/** @file How concentrated a map is: entropy, Gini index, and the number of values that matter. */
import type { Metric } from '../metric.js'
import { placeValues, signed, signOption } from '../places.js'

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

/** Entropy in nats of values as shares of their sum; of all zeros, that of equal shares. */
function entropy(values: Float64Array): number {
  const sum = total(values)
  if (!(sum > 0)) return Math.log(values.length)
  // Adding zero turns -0 into 0.
  return values.reduce((result, value) => (value > 0 ? result - (value / sum) * Math.log(value / sum) : result), 0) + 0
}

/** Gini index of values that are not negative: 0 where all are equal, 1 - 1 / n where one has all. */
function gini(values: Float64Array): number {
  const sum = total(values)
  if (!(sum > 0)) return 0
  const sorted = Float64Array.from(values).sort()
  const count = sorted.length
  return sorted.reduce((result, value, k) => result + (2 * (k + 1) - count - 1) * value, 0) / (count * sum)
}

/** Entropy of |A| over places, in nats. */
export const complexity: Metric = {
  name: 'complexity',
  summary: 'entropy of the absolute values as shares, in nats',
  formula: '-sum_i p_i ln p_i, p_i = |A_i| / sum |A|',
  citation: 'Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations, IJCAI 2020',
  options: { sign: signOption('absolute') },
  needs: [],
  higherIsBetter: false,
  run: ({ maps }, { sign }) => ({ value: entropy(signed(signed(placeValues(maps), sign), 'absolute')) }),
}

/** Gini index of |A| over places. Peers: Quantus and Xplique add 1e-7 and 1e-8 to every value. */
export const sparseness: Metric = {
  name: 'sparseness',
  aliases: ['gini'],
  summary: 'Gini index of the absolute values',
  formula: 'sum_i (2 i - n - 1) |A|_(i) / (n sum |A|), i over sorted values',
  citation: 'Chalasani et al.: Concise Explanations of Neural Networks using Adversarial Training, ICML 2020',
  options: { sign: signOption('absolute') },
  needs: [],
  higherIsBetter: true,
  run: ({ maps }, { sign }) => ({ value: gini(signed(signed(placeValues(maps), sign), 'absolute')) }),
}

/**
 * Places with |A| above the threshold, a share of this map's own largest |A| (`relative=false`: as it is); `more.share` is their share of
 * all. Peers: Quantus scales by the largest value of the whole batch, so that one strong map empties the others.
 */
export const effectiveComplexity: Metric = {
  name: 'effective-complexity',
  summary: 'number of places whose absolute value is above a threshold',
  formula: '#{i: |A_i| > t max |A|}',
  citation: 'Nguyen, Martinez: On quantitative aspects of model interpretability, 2020',
  options: {
    threshold: { kind: 'number', default: 0.01, minimum: 0, describe: 'what counts, as a share of the largest absolute value' },
    relative: { kind: 'flag', default: true, describe: 'false: the threshold is in units of the map' },
  },
  needs: [],
  higherIsBetter: false,
  run({ maps }, { threshold, relative }) {
    const values = signed(placeValues(maps), 'absolute')
    const limit = relative ? threshold * values.reduce((most, value) => Math.max(most, value), 0) : threshold
    const value = values.reduce((count, one) => count + (one > limit ? 1 : 0), 0)
    return { value, more: { share: value / values.length } }
  },
}
