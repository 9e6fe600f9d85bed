/** @file From records of images to a metric's score, with what was left out, an interval, and the smallest effect it could show. */
import { InputError, UsageError } from '@ascribe/core'
import {
  type BootstrapOptions,
  bootstrapMean,
  bootstrapPValue,
  detectableDifference,
  type Estimate,
  type Source,
  standardDeviation,
  unanimousDeviation,
  unanimousInterval,
} from '../../statistics/index.js'
import type { Exclusion, Metric, MetricOptions, MetricRecord, MetricView } from './metric.js'

export interface MetricScore {
  readonly metric: string
  readonly options: MetricOptions
  /** Images given. */
  readonly n: number
  /** Images that count: not excluded, classified correctly wherever the metric asks for it. */
  readonly valid: number
  /** Images left out, by reason; `misclassified` where a model's prediction was wrong. */
  readonly left: Readonly<Partial<Record<Exclusion | 'misclassified', number>>>
  /** Readings of valid images whose map was constant. */
  readonly constant: number
  /** Mean of the scores with its interval over sources; NaN where no image is valid. */
  readonly estimate: Estimate
  /** How the interval was found: a share on which all images agree has an exact one over sources, the bootstrap's has no width there. */
  readonly interval: 'percentile bootstrap' | 'exact'
  /** Standard deviation of the scores. */
  readonly deviation: number
  /** 2.8 deviation / sqrt(valid). */
  readonly detectable: number
  /** Whether the score differs from the metric's reference: see `isResolved`. Null where the metric has none. */
  readonly resolved: boolean | null
  /** Score of each image, null where it does not count, and the image's source: in the records' order. */
  readonly scores: readonly (number | null)[]
  readonly sources: readonly Source[]
}

/**
 * The options of a metric with its defaults filled in.
 * @throws UsageError for an unknown option, or a value that is not one of the option's
 */
export function metricOptions(metric: Metric, given: MetricOptions = {}): MetricOptions {
  for (const [name, value] of Object.entries(given)) {
    const option = metric.options[name]
    if (!option)
      throw new UsageError(`${metric.name} has no option "${name}"; it has ${Object.keys(metric.options).join(', ') || 'none'}`)
    if (!option.values.includes(value))
      throw new UsageError(`${metric.name}: ${name} is one of ${option.values.join(', ')}, not ${value}`)
  }
  return Object.fromEntries(Object.entries(metric.options).map(([name, option]) => [name, given[name] ?? option.default]))
}

/**
 * Whether an effect counts: at least the detectable difference away from the reference, and the interval excludes the reference. What is
 * smaller reads "not resolved".
 */
export const isResolved = ({ value, low, high }: Estimate, detectable: number, reference = 0): boolean =>
  Math.abs(value - reference) >= detectable && (low > reference || high < reference)

function reasonOut(record: MetricRecord, views: readonly MetricView[], where: string): Exclusion | 'misclassified' | undefined {
  if (record.readings.length !== views.length)
    throw new InputError(`${where} has ${record.readings.length} readings; one per view, ${views.length}, are needed`)
  if (record.excluded) return record.excluded
  if (views.some((view, i) => view.correct && !record.readings[i]!.correct)) return 'misclassified'
  const bad = record.readings.find(({ g }) => !Number.isFinite(g))
  if (bad) throw new InputError(`${where} has g = ${bad.g}; the attribution inside the mask must be finite`)
  return undefined
}

/** Mean of valid scores with an interval: exact for shares on which all agree, else the clustered bootstrap. */
function estimateOf(metric: Metric, values: readonly number[], sources: readonly Source[], options: BootstrapOptions) {
  const estimate = bootstrapMean(values, sources, options)
  const unanimous = metric.kind === 'share' && values.length > 0 && values.every(value => value === values[0])
  if (!unanimous) return { estimate, interval: 'percentile bootstrap' as const, deviation: standardDeviation(values) }
  const ends = unanimousInterval(values[0] === 1, estimate.clusters, estimate.level)
  return { estimate: { ...estimate, ...ends }, interval: 'exact' as const, deviation: unanimousDeviation(values.length) }
}

/**
 * Scores a method on a metric. Pure: the attributions have been read already.
 * @throws UsageError for options that the metric does not have
 * @throws InputError for records with another number of readings than the metric has views, or a g that is not finite
 */
export function scoreMetric(
  metric: Metric,
  records: readonly MetricRecord[],
  { options: given, ...statistics }: BootstrapOptions & { readonly options?: MetricOptions } = {},
): MetricScore {
  const options = metricOptions(metric, given)
  const views = metric.views(options)
  const left: Partial<Record<Exclusion | 'misclassified', number>> = {}
  let constant = 0
  const scores = records.map((record, i) => {
    const reason = reasonOut(record, views, `${metric.name}: record ${i}`)
    if (reason) {
      left[reason] = (left[reason] ?? 0) + 1
      return null
    }
    constant += record.readings.filter(reading => reading.constant).length
    return metric.score(
      record.readings.map(reading => reading.g),
      options,
    )
  })
  const sources = records.map(record => record.source)
  const values = scores.filter(score => score !== null)
  const { estimate, interval, deviation } = estimateOf(
    metric,
    values,
    sources.filter((_, i) => scores[i] !== null),
    statistics,
  )
  const detectable = detectableDifference(deviation, values.length)
  const resolved = metric.reference === null ? null : isResolved(estimate, detectable, metric.reference)
  return {
    metric: metric.name,
    options,
    n: records.length,
    valid: values.length,
    left,
    constant,
    estimate,
    interval,
    deviation,
    detectable,
    resolved,
    scores,
    sources,
  }
}

/**
 * Rows on which every score counts.
 * @throws InputError for no scores, or scores that are not of the same images in the same order
 */
export function sharedRows(scores: readonly MetricScore[]): number[] {
  const [first] = scores
  if (!first) throw new InputError('there are no scores to compare')
  const same = (score: MetricScore): boolean =>
    score.sources.length === first.sources.length && score.sources.every((source, i) => source === first.sources[i])
  if (!scores.every(same))
    throw new InputError(`scores on ${first.metric} are compared only on the same images in the same order`)
  return [...first.scores.keys()].filter(row => scores.every(score => score.scores[row] !== null))
}

/** One method's score minus another's on the same images. */
export interface Comparison {
  /** Mean of first - second over images valid in both, with its interval. */
  readonly estimate: Estimate
  readonly valid: number
  /** 2.8 s_d / sqrt(valid), s_d the standard deviation of the paired differences. */
  readonly detectable: number
  readonly resolved: boolean
  /** Two-sided bootstrap p-value of no difference, not corrected. */
  readonly p: number
}

/**
 * Paired comparison, clustered by source: two methods on one metric, or one method in two variants.
 * @throws InputError where the two scores are not of the same images in the same order
 */
export function compareScores(first: MetricScore, second: MetricScore, options?: BootstrapOptions): Comparison {
  const rows = sharedRows([first, second])
  const differences = rows.map(i => first.scores[i]! - second.scores[i]!)
  const estimate = bootstrapMean(
    differences,
    rows.map(i => first.sources[i]!),
    options,
  )
  const detectable = detectableDifference(standardDeviation(differences), rows.length)
  return { estimate, valid: rows.length, detectable, resolved: isResolved(estimate, detectable), p: bootstrapPValue(estimate) }
}
