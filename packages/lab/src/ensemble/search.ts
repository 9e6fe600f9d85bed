/** @file Search by successive halving: many candidates on few pictures, the better ones on more. */
import { mean, standardDeviation } from '../statistics/index.js'
import { curveMetrics, higherIsBetter, type ScoreValue } from './identity.js'

export interface Rung {
  /** Candidates that are looked at. */
  readonly count: number
  /** Pictures that they are looked at on. */
  readonly pictures: number
}

/** From all candidates on `first` pictures to the last few on all `pictures`; each rung keeps the share `keep`. */
export function rungsOf(count: number, pictures: number, first: number, keep: number): Rung[] {
  const rungs: Rung[] = []
  let [left, seen] = [count, Math.min(first, pictures)]
  for (;;) {
    rungs.push({ count: left, pictures: seen })
    if (seen >= pictures || left <= 1) return rungs
    left = Math.max(1, Math.ceil(left * keep))
    seen = Math.min(pictures, Math.ceil(seen / keep))
  }
}

/** Scores by picture: the same pictures in the same order for all that are compared. */
export type Scores = readonly ScoreValue[]

/**
 * How far a candidate is above the best rival where it is least so: the smallest over insertion and deletion in both fills of
 * (mean - best rival's mean) / the best rival's standard deviation.
 */
export function worstMargin(candidate: Scores, rivals: readonly Scores[]): number {
  const margins = curveMetrics.map(metric => {
    const sign = higherIsBetter(metric) ? 1 : -1
    const values = (scores: Scores): number[] => scores.map(score => sign * score[metric]!)
    const best = rivals.map(values).reduce((most, one) => (mean(one) > mean(most) ? one : most))
    const deviation = standardDeviation(best)
    return (mean(values(candidate)) - mean(best)) / (deviation > 0 ? deviation : 1)
  })
  return Math.min(...margins)
}

/** Numbers of the best candidates, best first; equal ones in order. */
export function survivors(margins: readonly number[], count: number): number[] {
  return [...margins.keys()].sort((a, b) => margins[b]! - margins[a]! || a - b).slice(0, count)
}
