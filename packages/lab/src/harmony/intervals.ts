/** @file Means and statistics with intervals and p-values, clustered by source, as the report keeps them. */
import { quantile, standardDeviation } from '../statistics/describe.js'
import { bootstrapMean, bootstrapPValue, resampled, type Source } from '../statistics/index.js'
import type { Interval } from './result.js'

const resamples = 1000

/** An interval with the p-value of "it is zero", two-sided; NaN where there are too few sources. */
export interface Tested extends Interval {
  readonly p: number
}

export function meanInterval(values: readonly number[], sources: readonly Source[], seed: number): Tested {
  const own = values.flatMap((value, i) => (Number.isFinite(value) ? [i] : []))
  if (own.length === 0) return { value: Number.NaN, low: Number.NaN, high: Number.NaN, p: Number.NaN }
  const estimate = bootstrapMean(
    own.map(i => values[i]!),
    own.map(i => sources[i]!),
    { seed, resamples },
  )
  const { value, low, high } = estimate
  return { value, low, high, p: bootstrapPValue(estimate) }
}

/** The same for statistics of many rows that are computed together; `deviation` is that over resamples. */
export function intervalsOf(
  sources: readonly Source[],
  statistics: (rows: ArrayLike<number>) => readonly number[],
  seed: number,
): (Tested & { readonly deviation: number })[] {
  const all = statistics(Int32Array.from(sources.keys()))
  const draws = all.map((): number[] => [])
  for (const rows of resampled(sources, { seed, resamples }))
    for (const [s, value] of statistics(rows).entries()) if (Number.isFinite(value)) draws[s]!.push(value)
  return all.map((value, s) => {
    const own = draws[s]!
    const [below, above] = [own.filter(draw => draw <= 0).length, own.filter(draw => draw >= 0).length]
    return {
      value,
      low: quantile(own, 0.025),
      high: quantile(own, 0.975),
      deviation: standardDeviation(own),
      p: own.length === 0 ? Number.NaN : Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + own.length)),
    }
  })
}
