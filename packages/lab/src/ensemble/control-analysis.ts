/** @file Numbers of runs that should find nothing: a wrong class, shuffled weights, masks alone. */
import type { Twist } from '../greedy/image/entry.js'
import { detectableDifference, mean, standardDeviation } from '../statistics/index.js'
import { type Analysis, signOf, wantedLabel } from './analysis.js'
import { isSingle } from './entry.js'
import { curveMetrics, higherIsBetter, type MetricName, twists } from './identity.js'
import type { Interval, Resamples } from './resamples.js'
import type { EnsembleStudy } from './result.js'
import type { Wanted } from './stages/full-scores.js'

/** What a contestant scores on its own maps beyond maps that should find nothing, on one metric; positive is better. */
export interface TwistGain {
  readonly twist: Twist
  readonly label: string
  readonly role: 'member' | 'ensemble'
  readonly metric: MetricName
  readonly own: Interval
  readonly twisted: Interval
  readonly gain: Interval
  /** An ensemble's gain minus that of the member that gains most here. */
  readonly aboveBest?: Interval & { readonly member: string; readonly detectable: number }
  readonly n: number
}

/** Insertion by the order of a contestant over one content, and what it is above a random order's. */
export interface MaskOnlyRow {
  readonly label: string
  readonly contents: readonly {
    readonly content: 'own' | 'noise' | 'other'
    readonly mean: Interval
    readonly above: Interval
    readonly detectable: number
  }[]
  readonly n: number
}

const isMember = (wanted: Wanted): boolean => typeof wanted !== 'string' && isSingle(wanted)

const intervalOf = (resamples: Resamples, values: readonly number[]): Interval => {
  const { value, low, high } = resamples.mean(values)
  return { value, low, high }
}

/** Mean of first_i - second_i, and the smallest that so many pictures would show. */
function differenceOf(resamples: Resamples, first: readonly number[], second: readonly number[]) {
  const { value, low, high } = resamples.difference(first, second)
  const deviation = standardDeviation(first.map((one, i) => one - second[i]!))
  return { difference: { value, low, high }, detectable: detectableDifference(deviation, first.length) }
}

/** Own maps minus those of a wrong class (insertion alone: a wrong class has nothing to delete), and minus the shuffled model's. */
export const twistGains = (study: EnsembleStudy, analysis: Analysis): TwistGain[] =>
  twists.flatMap(twist => {
    const metrics = twist === 'wrong-class' ? curveMetrics.filter(higherIsBetter) : curveMetrics
    return metrics.flatMap(metric => gainsOn(study, analysis, twist, metric))
  })

function gainsOn(study: EnsembleStudy, analysis: Analysis, twist: Twist, metric: MetricName): TwistGain[] {
  const sign = signOf(metric)
  const runs = study.twists.filter(run => run.twist === twist)
  const keys = [...(runs[0]?.values.keys() ?? [])].filter(key =>
    runs.every(({ wanted, values }) => values.has(key) && analysis.valuesOf(wanted).has(key)),
  )
  if (keys.length === 0) return []
  const resamples = analysis.resamples(keys)
  const columns = runs.map(({ wanted, values }) => {
    const own = keys.map(key => analysis.valuesOf(wanted).get(key)![metric]!)
    const twisted = keys.map(key => values.get(key)![metric]!)
    return { wanted, own, twisted, gain: own.map((value, i) => sign * (value - twisted[i]!)) }
  })
  const best = columns
    .filter(({ wanted }) => isMember(wanted))
    .reduce((most, one) => (mean(one.gain) > mean(most.gain) ? one : most))
  return columns.map(({ wanted, own, twisted, gain }) => {
    const { difference, detectable } = differenceOf(resamples, gain, best.gain)
    return {
      twist,
      label: wantedLabel(wanted),
      role: isMember(wanted) ? 'member' : 'ensemble',
      metric,
      own: intervalOf(resamples, own),
      twisted: intervalOf(resamples, twisted),
      gain: intervalOf(resamples, gain),
      ...(isMember(wanted) ? {} : { aboveBest: { ...difference, member: wantedLabel(best.wanted), detectable } }),
      n: keys.length,
    }
  })
}

/** The last row is the random order. */
export function maskOnlyRows({ maskOnly: runs }: EnsembleStudy, analysis: Analysis): MaskOnlyRow[] {
  const random = runs.at(-1)
  if (!random) return []
  const keys = [...random.values.keys()].filter(key => runs.every(({ values }) => values.has(key)))
  if (keys.length === 0) return []
  const resamples = analysis.resamples(keys)
  return runs.map(({ wanted, values }) => ({
    label: wantedLabel(wanted),
    n: keys.length,
    contents: (['own', 'noise', 'other'] as const).map(content => {
      const own = keys.map(key => values.get(key)![content])
      const chance = keys.map(key => random.values.get(key)![content])
      const { difference, detectable } = differenceOf(resamples, own, chance)
      return { content, mean: intervalOf(resamples, own), above: difference, detectable }
    }),
  }))
}
