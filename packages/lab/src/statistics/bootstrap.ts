/** @file Percentile bootstrap over sources: rows of one source (pictures that share their parts) are drawn together. */
import { InputError, Random, UsageError } from '@ascribe/core'
import { quantileSorted } from 'simple-statistics'

/** What a row was made from; rows with equal sources are one cluster. */
export type Source = string | number

export interface BootstrapOptions {
  /** Default 0. Resample r is drawn from (seed, r) alone. */
  readonly seed?: number
  /** Default 2,000. */
  readonly resamples?: number
  /** Coverage of the interval; default 0.95. */
  readonly level?: number
}

/** A number with its interval. */
export interface Estimate {
  /** The statistic of all rows. */
  readonly value: number
  /** Ends of the interval; NaN where there are fewer than two sources, or no resample in which the statistic is defined. */
  readonly low: number
  readonly high: number
  readonly level: number
  /** Sources drawn from. */
  readonly clusters: number
  readonly resamples: number
  /** Resamples left out because the statistic was NaN in them. */
  readonly dropped: number
  /** The statistic of each resample, in order of resample (NaN included): equal sources and seed give the same resamples. */
  readonly draws: Float64Array
}

/** Statistic of the rows with these numbers; a row drawn twice is listed twice. NaN where it is undefined. */
export type Statistic = (rows: Int32Array) => number

interface Clusters {
  /** Row numbers, cluster after cluster. */
  readonly rows: Int32Array
  /** Cluster c is rows[start[c]] to rows[start[c + 1]]. */
  readonly start: Int32Array
}

const byKind = (a: Source, b: Source): number =>
  typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === 'number' ? -1 : 1

/** Clusters in order of their source, not of appearance, so that shuffled rows give the same resamples. */
function clustersOf(sources: readonly Source[]): Clusters {
  const groups = new Map<Source, number[]>()
  for (const [row, source] of sources.entries()) {
    const group = groups.get(source)
    if (group) group.push(row)
    else groups.set(source, [row])
  }
  const ordered = [...groups.entries()].sort(([a], [b]) => byKind(a, b)).map(([, rows]) => rows)
  const start = new Int32Array(ordered.length + 1)
  for (const [c, rows] of ordered.entries()) start[c + 1] = start[c]! + rows.length
  return { rows: Int32Array.from(ordered.flat()), start }
}

/** The defaults filled in. @throws UsageError for fewer than one resample or a level outside (0, 1) */
function settingsOf({ seed = 0, resamples = 2000, level = 0.95 }: BootstrapOptions): Required<BootstrapOptions> {
  if (!(Number.isInteger(resamples) && resamples >= 1))
    throw new UsageError(`resamples must be a whole number >= 1, not ${resamples}`)
  if (!(level > 0 && level < 1)) throw new UsageError(`the level of an interval lies between 0 and 1, not ${level}`)
  return { seed, resamples, level }
}

/**
 * The row numbers of each resample: as many sources as there are, drawn with replacement, and all rows of each. None where there are
 * fewer than two sources. The array is used again for the next resample.
 */
export function* resampled(sources: readonly Source[], options: BootstrapOptions = {}): Generator<Int32Array, void> {
  const { seed, resamples } = settingsOf(options)
  const { rows, start } = clustersOf(sources)
  const clusters = start.length - 1
  if (clusters < 2) return
  let longest = 0
  for (let c = 0; c < clusters; c++) longest = Math.max(longest, start[c + 1]! - start[c]!)
  const room = new Int32Array(clusters * longest)
  for (let r = 0; r < resamples; r++) {
    const random = new Random(seed, r)
    let used = 0
    for (let k = 0; k < clusters; k++) {
      const c = random.integer(clusters)
      for (let at = start[c]!; at < start[c + 1]!; at++) room[used++] = rows[at]!
    }
    yield room.subarray(0, used)
  }
}

/**
 * Percentile bootstrap (Efron and Tibshirani, 1993, chapter 13) clustered by source: the interval runs between the (1 - level)/2 and
 * (1 + level)/2 quantiles of the statistic over resamples (`resampled`).
 * @param sources the source of each row; all different for the plain bootstrap
 * @throws UsageError for fewer than one resample or a level outside (0, 1)
 */
export function bootstrap(sources: readonly Source[], statistic: Statistic, options: BootstrapOptions = {}): Estimate {
  const { resamples, level } = settingsOf(options)
  const draws = new Float64Array(resamples).fill(Number.NaN)
  let r = 0
  for (const rows of resampled(sources, options)) draws[r++] = statistic(rows)
  const sorted = draws.filter(draw => !Number.isNaN(draw)).sort()
  const end = (p: number): number => (sorted.length === 0 ? Number.NaN : quantileSorted(sorted as unknown as number[], p))
  return {
    value: statistic(Int32Array.from(sources.keys())),
    low: end((1 - level) / 2),
    high: end((1 + level) / 2),
    level,
    clusters: new Set(sources).size,
    resamples,
    dropped: resamples - sorted.length,
    draws,
  }
}

/**
 * Two-sided bootstrap p-value of the hypothesis that the statistic equals `reference`:
 * 2 (1 + min(#{draws <= reference}, #{draws >= reference})) / (1 + B), at most 1; NaN where there are no draws.
 */
export function bootstrapPValue(estimate: Estimate, reference = 0): number {
  let below = 0
  let above = 0
  let used = 0
  for (const draw of estimate.draws) {
    if (Number.isNaN(draw)) continue
    used++
    if (draw <= reference) below++
    if (draw >= reference) above++
  }
  return used === 0 ? Number.NaN : Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + used))
}

/** Refuses columns that do not have one value per row. */
export function checkLength(what: string, values: ArrayLike<number>, sources: readonly Source[]): void {
  if (values.length !== sources.length)
    throw new InputError(`${what}: ${values.length} values for ${sources.length} sources; give one source per value`)
}
