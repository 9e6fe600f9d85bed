/** @file agreement-spearman, -pearson, -cosine and -top: how far two maps say the same. */

import { cosine, pearson, spearman } from '../correlation.js'
import type { Metric } from '../metric.js'
import { orderOf } from '../order.js'
import { signOption } from '../places.js'
import { pairOf } from './pairs.js'

const unvaried = 'one of the maps does not vary'

const correlation = (
  name: string,
  summary: string,
  formula: string,
  measure: (a: Float64Array, b: Float64Array) => number,
): Metric => ({
  name,
  summary,
  formula,
  citation: 'Adebayo et al.: Sanity Checks for Saliency Maps, NeurIPS 2018; Krishna et al.: The Disagreement Problem, TMLR 2024',
  options: { sign: signOption('signed') },
  needs: ['other maps'],
  higherIsBetter: true,
  run(subject, options) {
    const { first, second } = pairOf(subject, options, name)
    const value = measure(first, second)
    return Number.isNaN(value) ? { value, reason: unvaried } : { value }
  },
})

export const agreementSpearman = correlation(
  'agreement-spearman',
  'rank correlation of two maps',
  'pearson of ranks, equal values sharing their mean rank',
  spearman,
)
export const agreementPearson = correlation(
  'agreement-pearson',
  'product-moment correlation of two maps',
  'sum (A - mean A)(B - mean B) / (|A - mean A| |B - mean B|)',
  pearson,
)
export const agreementCosine = correlation('agreement-cosine', 'cosine of two maps', 'A . B / (|A| |B|)', cosine)

/** Share of the top `share` of one map that is in the top of the other; places of equal value by index. */
export const agreementTop: Metric = {
  name: 'agreement-top',
  summary: 'overlap of the highest values of two maps',
  formula: '|top_k(A) and top_k(B)| / k',
  citation: 'Krishna et al.: The Disagreement Problem, TMLR 2024',
  options: {
    sign: signOption('signed'),
    share: { kind: 'number', default: 0.1, minimum: 0, maximum: 1, describe: 'how many of the values count as highest' },
  },
  needs: ['other maps'],
  higherIsBetter: true,
  run(subject, options) {
    const { first, second } = pairOf(subject, options, 'agreement-top')
    const k = Math.min(first.length, Math.max(1, Math.round(options['share'] * first.length)))
    const top = new Set(orderOf(first).subarray(0, k))
    const both = orderOf(second)
      .subarray(0, k)
      .reduce((count, place) => count + (top.has(place) ? 1 : 0), 0)
    return { value: both / k, more: { k, jaccard: both / (2 * k - both) } }
  },
}
