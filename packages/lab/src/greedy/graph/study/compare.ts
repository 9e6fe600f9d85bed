/** @file Paired differences between two methods on the same nodes, over networks of several training seeds. */
import { bootstrapDifference, bootstrapPValue, detectableDifference, standardDeviation } from '../../../statistics/index.js'

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** One method minus a rival, on the nodes that both have. */
export interface Versus extends Interval {
  readonly n: number
  /** 2.8 s / sqrt(n): smaller differences are not resolved. */
  readonly detectable: number
  /** Of no difference, adjusted by Holm. */
  readonly p: number
  /** Mean difference of every training seed. */
  readonly bySeed: readonly number[]
  readonly verdict: 'better' | 'worse' | 'not resolved'
}

/** A method's number on every node, for the network of every training seed; null where there is none. */
export type Values = readonly (readonly (number | null)[])[]

/** Means over the training seeds; null where one of them has none. */
export function overSeeds(values: Values): (number | null)[] {
  return values[0]!.map((_, node) => {
    let sum = 0
    for (const list of values) {
      const value = list[node]
      if (value === null || value === undefined) return null
      sum += value
    }
    return sum / values.length
  })
}

/**
 * Mean over nodes of the difference of the means over seeds, with an interval over sources; p is not adjusted yet. Seeds are not drawn: the
 * interval is about nodes, and `bySeed` says how networks differ. Undefined below two nodes.
 */
export function compare(
  own: Values,
  other: Values,
  sources: readonly number[],
  seed: number,
): Omit<Versus, 'verdict'> | undefined {
  const [first, second] = [overSeeds(own), overSeeds(other)]
  const both = first.flatMap((value, i) => (value === null || second[i] === null ? [] : [i]))
  if (both.length < 2) return undefined
  const pick = (list: readonly (number | null)[]): number[] => both.map(i => list[i]!)
  const [a, b] = [pick(first), pick(second)]
  const estimate = bootstrapDifference(
    a,
    b,
    both.map(i => sources[i]!),
    { seed },
  )
  const deviation = standardDeviation(a.map((value, i) => value - b[i]!))
  return {
    value: estimate.value,
    low: estimate.low,
    high: estimate.high,
    n: both.length,
    detectable: detectableDifference(deviation, both.length),
    p: bootstrapPValue(estimate),
    bySeed: own.map((list, k) => both.reduce((sum, i) => sum + list[i]! - other[k]![i]!, 0) / both.length),
  }
}

/**
 * Better or worse where the interval leaves 0 out, the adjusted p is at most 5%, the difference is one that so many nodes can show, and it
 * has the same sign for every training seed.
 */
export function verdictOf(
  { value, low, high, detectable, bySeed }: Omit<Versus, 'verdict'>,
  p: number,
  higherIsBetter: boolean,
): Versus['verdict'] {
  const unanimous = bySeed.every(one => one > 0 === value > 0)
  if (!(low > 0 || high < 0) || !(p <= 0.05) || Math.abs(value) < detectable || !unanimous) return 'not resolved'
  return value > 0 === higherIsBetter ? 'better' : 'worse'
}
