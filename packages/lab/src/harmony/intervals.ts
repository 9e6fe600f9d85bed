/** @file Means and statistics with intervals, clustered by source, as the report keeps them. */

import { quantile, standardDeviation } from '../statistics/describe.js'
import { bootstrapMean, resampled, type Source } from '../statistics/index.js'
import type { Interval } from './result.js'

const resamples = 1000

export function meanInterval(values: readonly number[], sources: readonly Source[], seed: number): Interval {
  const own = values.flatMap((value, i) => (Number.isFinite(value) ? [i] : []))
  if (own.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN }
  const { value, low, high } = bootstrapMean(
    own.map(i => values[i]!),
    own.map(i => sources[i]!),
    { seed, resamples },
  )
  return { value, low, high }
}

/** The same for statistics of many rows that are computed together; `deviation` is that over resamples. */
export function intervalsOf(
  sources: readonly Source[],
  statistics: (rows: ArrayLike<number>) => readonly number[],
  seed: number,
): (Interval & { readonly deviation: number })[] {
  const all = statistics(Int32Array.from(sources.keys()))
  const draws = all.map((): number[] => [])
  for (const rows of resampled(sources, { seed, resamples }))
    for (const [s, value] of statistics(rows).entries()) if (Number.isFinite(value)) draws[s]!.push(value)
  return all.map((value, s) => ({
    value,
    low: quantile(draws[s]!, 0.025),
    high: quantile(draws[s]!, 0.975),
    deviation: standardDeviation(draws[s]!),
  }))
}
