/** @file Methods in order of a metric, with ties where a difference is not resolved. */
import { type BootstrapOptions, mean, quantile, ranks, resampled } from '../../statistics/index.js'
import { compareScores, type MetricScore, sharedRows } from './score.js'

export interface RankedMethod {
  readonly method: string
  /** Mean score over images valid for all methods. */
  readonly value: number
  /** 1 the highest score; equal scores share the mean of their ranks. */
  readonly rank: number
  /** Interval of the rank over resampled sources; NaN where there are fewer than two. */
  readonly low: number
  readonly high: number
  /** Methods whose paired difference from this one is not resolved. */
  readonly tiedWith: readonly string[]
}

/** Names [a, b] and [b, a] of methods that `compareScores` does not tell apart. */
function unresolvedPairs(names: readonly string[], scores: readonly MetricScore[], options?: BootstrapOptions): Set<string> {
  const out = new Set<string>()
  for (let i = 0; i < names.length; i++) {
    for (let k = 0; k < i; k++) {
      if (compareScores(scores[i]!, scores[k]!, options).resolved) continue
      out.add(JSON.stringify([names[i], names[k]])).add(JSON.stringify([names[k], names[i]]))
    }
  }
  return out
}

/**
 * Ranks methods by their mean score over images valid for all of them, best first (higher is better).
 * @throws InputError for no methods, or scores of different images
 */
export function rankMethods(byMethod: Readonly<Record<string, MetricScore>>, options: BootstrapOptions = {}): RankedMethod[] {
  const names = Object.keys(byMethod)
  const scores = names.map(name => byMethod[name]!)
  const rows = sharedRows(scores)
  const columns = scores.map(score => Float64Array.from(rows, row => score.scores[row]!))
  const sources = rows.map(row => scores[0]!.sources[row]!)
  const values = columns.map(mean)
  const places = ranks(values)
  const drawn: number[][] = names.map(() => [])
  for (const sample of resampled(sources, options)) {
    const sums = columns.map(column => {
      let sum = 0
      for (let k = 0; k < sample.length; k++) sum += column[sample[k]!]!
      return sum
    })
    for (const [i, rank] of ranks(sums).entries()) drawn[i]!.push(rank)
  }
  const { level = 0.95 } = options
  const unresolved = unresolvedPairs(names, scores, options)
  return names
    .map((method, i) => ({
      method,
      value: values[i]!,
      rank: places[i]!,
      low: quantile(drawn[i]!, (1 - level) / 2),
      high: quantile(drawn[i]!, (1 + level) / 2),
      tiedWith: names.filter(other => unresolved.has(JSON.stringify([method, other]))),
    }))
    .sort((a, b) => a.rank - b.rank)
}
