/** @file roc-auc, average-precision and iou: a map read as a detector of the mask. */

import type { Metric } from '../metric.js'
import { averageRanks, orderOf } from '../order.js'
import { signOption } from '../places.js'
import { type Located, located, unlocatable } from './truth.js'

/** Chance that a place inside has a higher value than one outside, equal values counting half. */
export const rocAuc: Metric = {
  name: 'roc-auc',
  aliases: ['auc'],
  summary: 'chance that a place inside the mask is attributed more than one outside',
  formula: 'P(A_i > A_j) + P(A_i = A_j) / 2, i in M, j not',
  citation: 'Fawcett: An introduction to ROC analysis, 2006',
  options: { sign: signOption('signed') },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const found = located(subject, options, 'roc-auc')
    const none = unlocatable(found)
    if (none) return none
    const ranks = averageRanks(found.values)
    const sum = ranks.reduce((total, rank, i) => total + (found.inside[i] ? rank : 0), 0)
    const { count } = found
    return { value: (sum - (count * (count + 1)) / 2) / (count * (found.inside.length - count)) }
  },
}

/** Numbers of places and of places inside, at or above each different value, highest first. */
function levels({ values, inside }: Located): { chosen: number; hits: number; level: number }[] {
  const out: { chosen: number; hits: number; level: number }[] = []
  let hits = 0
  const order = orderOf(values)
  order.forEach((place, k) => {
    hits += inside[place]!
    if (k + 1 === order.length || values[order[k + 1]!] !== values[place])
      out.push({ chosen: k + 1, hits, level: values[place]! })
  })
  return out
}

/** Sum over levels of (recall - recall before) precision: no interpolation; equal values are one level. */
export const averagePrecision: Metric = {
  name: 'average-precision',
  summary: 'area under precision over recall of the map as a detector of the mask',
  formula: 'sum_t (R_t - R_{t-1}) P_t over levels of A, highest first',
  citation: 'as in scikit-learn: average_precision_score',
  options: { sign: signOption('signed') },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const found = located(subject, options, 'average-precision')
    if (found.count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    let [value, before] = [0, 0]
    for (const { chosen, hits } of levels(found)) {
      value += ((hits - before) / found.count) * (hits / chosen)
      before = hits
    }
    return { value, more: { area: found.count / found.inside.length } }
  },
}

/**
 * Intersection over union of the mask with {A >= t}: at `best` the largest over all levels t, at `fixed` t = threshold x max A.
 * `more` has precision, recall and F1 there, the level and the share of places chosen.
 */
export const iou: Metric = {
  name: 'iou',
  summary: 'overlap of the mask with the places above a threshold, the best one or a fixed one',
  formula: '|{A >= t} and M| / |{A >= t} or M|',
  citation: 'Everingham et al.: The PASCAL VOC Challenge, IJCV 2010; thresholds as in M4, NeurIPS 2023',
  options: {
    sign: signOption('positive'),
    at: {
      kind: 'choice',
      default: 'best',
      values: ['best', 'fixed'],
      describe: 'the threshold that suits this map best, or a fixed one',
    },
    threshold: {
      kind: 'number',
      default: 0.25,
      minimum: 0,
      maximum: 1,
      describe: 'fixed threshold, as a share of the largest value',
    },
  },
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, options) {
    const found = located(subject, options, 'iou')
    if (found.count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    const all = levels(found)
    const fixed = options['threshold'] * all[0]!.level
    const candidates = options['at'] === 'best' ? all : all.filter(({ level }) => level >= fixed).slice(-1)
    const scored = candidates.map(level => ({ ...level, value: level.hits / (level.chosen + found.count - level.hits) }))
    const best = scored.reduce((a, b) => (b.value > a.value ? b : a))
    const [precision, recall] = [best.hits / best.chosen, best.hits / found.count]
    return {
      value: best.value,
      more: {
        precision,
        recall,
        f1: best.hits > 0 ? (2 * precision * recall) / (precision + recall) : 0,
        level: best.level,
        chosen: best.chosen / found.inside.length,
      },
    }
  },
}
