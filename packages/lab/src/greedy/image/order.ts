/** @file From an attribution to the order of the features, and from an order to a map. */
import type { Attribution } from '@ascribe/core'
import { placesOf, type Subject } from './subject.js'

/**
 * Features from first to last. Where the method selects features one after another, its order; else by the sum (or the mean) of the values
 * inside each. Equal ones by index.
 */
export function featureOrder(
  { maps, order }: Pick<Attribution, 'maps' | 'order'>,
  subject: Subject,
  score: 'sum' | 'mean' = 'sum',
): number[] {
  const { name, labels, features } = subject
  const map = maps[name] ?? Object.values(maps)[0]!
  const scores = new Float64Array(features)
  const ranks = order && (order[name] ?? Object.values(order)[0])
  const { length } = ranks ?? map.values
  const element = length === labels.length ? (i: number): number => i : placesOf(subject)
  if (ranks) {
    scores.fill(Number.NEGATIVE_INFINITY)
    ranks.forEach((rank, i) => {
      const label = labels[element(i)]!
      if (rank >= 0) scores[label] = Math.max(scores[label]!, -rank)
    })
  } else {
    const sizes = new Float64Array(features)
    map.values.forEach((value, i) => {
      const label = labels[element(i)]!
      scores[label]! += value
      sizes[label]! += 1
    })
    if (score === 'mean') for (let feature = 0; feature < features; feature++) scores[feature]! /= sizes[feature]!
  }
  return Array.from(scores.keys()).sort((a, b) => (scores[a] === scores[b] ? a - b : scores[b]! - scores[a]!))
}

/** Rank of each feature, 0 the first. */
export function ranksOf(order: readonly number[]): Int32Array {
  const ranks = new Int32Array(order.length)
  order.forEach((feature, rank) => {
    ranks[feature] = rank
  })
  return ranks
}

/** The order as a map [1, height, width]: n - rank at every place. */
export function orderMap(order: readonly number[], { labels, picture: { width, height } }: Subject) {
  const ranks = ranksOf(order)
  return { dims: [1, height, width], values: Float32Array.from(labels, label => order.length - ranks[label]!) }
}
