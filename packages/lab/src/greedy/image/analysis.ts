/** @file Numbers of an image study: means and paired differences with intervals, corrected where several are tested. */
import {
  bootstrapDifference,
  bootstrapMean,
  bootstrapPValue,
  detectableDifference,
  holm,
  standardDeviation,
} from '../../statistics/index.js'
import type { Entry } from './entry.js'
import type { SelectValue } from './identity.js'
import type { ByPicture, ImageStudy } from './result.js'
import { type ImageMetric, metricValue } from './scores.js'

interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface MeanOf extends Interval {
  readonly n: number
}

export type Verdict = 'better' | 'worse' | 'not resolved'

/** first minus second, paired by picture. */
export interface Difference extends Interval {
  readonly n: number
  /** Two-sided bootstrap p-value, and the same after Holm's correction over its family. */
  readonly p: number
  readonly adjusted: number
  /** The smallest true difference that this many pictures show: 2.8 s_d / sqrt(n). */
  readonly detectable: number
  /** Of the first against the second; differences below what is detectable are not resolved. */
  readonly verdict: Verdict
}

/** Numbers by picture, those that do not exist left out. */
export type Column = ReadonlyMap<string, number>

export const columnOf = <Value>(values: ByPicture<Value>, read: (value: Value) => number | null | undefined): Column =>
  new Map(
    [...values].flatMap(([key, value]) => {
      const found = read(value)
      return found === undefined || found === null || !Number.isFinite(found) ? [] : [[key, found] as const]
    }),
  )

export const metricColumn = (values: ByPicture<SelectValue>, metric: ImageMetric, by: 'model' | 'twin' = 'model'): Column =>
  columnOf(values, ({ counts, curves, twin }) => {
    const read = by === 'model' ? curves : twin
    return read && metricValue(metric, counts, read)
  })

export class Statistics {
  readonly #sources: ReadonlyMap<string, string>

  constructor(
    { scored }: Pick<ImageStudy, 'scored'>,
    private readonly seed: number,
  ) {
    this.#sources = new Map(scored.map(({ item }) => [item.key, item.source]))
  }

  #sourcesOf(keys: readonly string[]): string[] {
    return keys.map(key => this.#sources.get(key) ?? key)
  }

  mean(column: Column): MeanOf {
    const keys = [...column.keys()]
    const { value, low, high } = bootstrapMean([...column.values()], this.#sourcesOf(keys), { seed: this.seed })
    return { value, low, high, n: keys.length }
  }

  /** Differences of the first from the second column of each pair, on the pictures that both have, as one family of tests. */
  differences(pairs: readonly (readonly [first: Column, second: Column])[], higherIsBetter: boolean): Difference[] {
    const raw = pairs.map(([first, second]) => {
      const keys = [...first.keys()].filter(key => second.has(key))
      const [own, other] = [keys.map(key => first.get(key)!), keys.map(key => second.get(key)!)]
      const sources = this.#sourcesOf(keys)
      const estimate = bootstrapDifference(own, other, sources, { seed: this.seed })
      const spread = standardDeviation(own.map((value, i) => value - other[i]!))
      const clusters = new Set(sources).size
      const apart = clusters === keys.length
      // Pictures that share their parts say less than as many others.
      const detectable = apart ? detectableDifference(spread, keys.length) : 2.8 * standardDeviation(estimate.draws)
      const { value, low, high } = estimate
      return { value, low, high, n: keys.length, clusters, p: bootstrapPValue(estimate), detectable }
    })
    const adjusted = holm(raw.map(({ p }) => p))
    return raw.map(({ clusters, ...one }, i) => ({
      ...one,
      adjusted: adjusted[i]!,
      verdict: verdictOf({ ...one, clusters }, adjusted[i]!, higherIsBetter),
    }))
  }
}

/** Fewer sources with differences of one sign than this could be chance: 2 / 2^n > 0.05. */
const fewest = 6

function verdictOf(
  { value, low, high, detectable, clusters }: Interval & { detectable: number; clusters: number },
  p: number,
  higherIsBetter: boolean,
): Verdict {
  if (clusters < fewest || !(p <= 0.05) || !(low > 0 || high < 0) || !(Math.abs(value) >= detectable)) return 'not resolved'
  return value > 0 === higherIsBetter ? 'better' : 'worse'
}

export interface Run {
  readonly entry: Entry
  readonly purpose: string
  readonly values: ByPicture<SelectValue>
}

/** The run with these properties. */
export const runOf = ({ runs }: Pick<ImageStudy, 'runs'>, wanted: Partial<Entry>, purpose?: string): Run | undefined =>
  runs.find(
    run =>
      (purpose === undefined || run.purpose === purpose) &&
      (wanted.twist !== undefined || run.entry.twist === undefined) &&
      Object.entries(wanted).every(([key, value]) => run.entry[key as keyof Entry] === value),
  )

/** Mean of a curve over pictures at k / n = 0, 0.05 .. 1, linear between the points of each. */
export function meanCurve(curves: readonly { readonly counts: readonly number[]; readonly values: readonly number[] }[]) {
  const grid = Array.from({ length: 21 }, (_, k) => k / 20)
  return grid.map((x): readonly [number, number] => {
    let sum = 0
    for (const { counts, values } of curves) {
      const place = x * counts.at(-1)!
      let at = 0
      while (at + 2 < counts.length && counts[at + 1]! <= place) at++
      const [from, to] = [counts[at]!, counts[at + 1]!]
      sum += values[at]! + (Math.min(1, (place - from) / (to - from)) || 0) * (values[at + 1]! - values[at]!)
    }
    return [x, sum / curves.length]
  })
}
