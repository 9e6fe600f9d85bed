/** @file Paired comparisons of selectors with greedy-pig. */
import {
  bootstrapDifference,
  bootstrapMean,
  bootstrapPValue,
  detectableDifference,
  holm,
  type Source,
  standardDeviation,
} from '../../../statistics/index.js'
import type { Difference, Interval } from '../report/data.js'

/** One value per source and selector. */
export interface Measured {
  readonly selector: string
  readonly values: ArrayLike<number>
}

interface Settings {
  readonly seed: number
  readonly resamples: number
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

export function meanInterval(values: ArrayLike<number>, sources: readonly Source[], settings: Settings): Interval {
  const { value, low, high } = bootstrapMean(values, sources, settings)
  return { value, low: finite(low), high: finite(high) }
}

/**
 * Mean over sources of rival minus reference (or reference minus rival where larger is better): above 0, the reference is better. Resolved
 * where the interval leaves 0 out, Holm's p over all rivals is below 0.05 and the effect is not below the detectable difference.
 */
export function differences(
  reference: ArrayLike<number>,
  rivals: readonly Measured[],
  sources: readonly Source[],
  largerIsBetter: boolean,
  settings: Settings,
): ReadonlyMap<string, Difference> {
  if (new Set(sources).size < 2) return new Map()
  const estimates = rivals.map(({ values }) => {
    const [first, second] = largerIsBetter ? [reference, values] : [values, reference]
    const deviation = standardDeviation(Float64Array.from(first, (value, i) => value - second[i]!))
    return {
      estimate: bootstrapDifference(first, second, sources, settings),
      detectable: detectableDifference(deviation, sources.length),
    }
  })
  const adjusted = holm(estimates.map(({ estimate }) => bootstrapPValue(estimate)))
  return new Map(
    rivals.map(({ selector }, i) => {
      const { estimate, detectable } = estimates[i]!
      const { value, low, high } = estimate
      const resolved = (low > 0 || high < 0) && adjusted[i]! < 0.05 && Math.abs(value) >= detectable
      const verdict = resolved ? (value > 0 ? 'greedy-pig better' : 'rival better') : 'not resolved'
      return [selector, { value, low: finite(low), high: finite(high), detectable, adjusted: adjusted[i]!, verdict }] as const
    }),
  )
}
