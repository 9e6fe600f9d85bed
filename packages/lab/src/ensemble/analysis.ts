/** @file Numbers of an ensemble study: paired differences from every member, mean ranks, what junk costs. */

import { detectableDifference, holm, mean, quantile, ranks, standardDeviation } from '../statistics/index.js'
import { type Entry, labelOf } from './entry.js'
import { curveMetrics, higherIsBetter, type MetricName, metricNames, type ScoreValue } from './identity.js'
import type { JunkKind } from './junk.js'
import { Resamples } from './resamples.js'
import type { ByPicture, EnsembleStudy, JunkRun, StudyScores } from './result.js'
import type { Wanted } from './stages/full-scores.js'

export interface Contestant {
  readonly label: string
  readonly role: 'member' | 'control' | 'default' | 'found'
  readonly values: ByPicture
}

interface Against {
  readonly rival: string
  /** Ensemble minus rival, positive where the ensemble is better. */
  readonly value: number
  readonly low: number
  readonly high: number
  readonly adjusted: number
  readonly detectable: number
  readonly n: number
}

/** An ensemble against every member on one metric. */
export interface Comparison {
  readonly metric: MetricName
  /** The rival that it is least above, by the lower end of the interval. */
  readonly hardest: Against
  readonly beaten: number
  readonly rivals: number
  readonly against: readonly Against[]
}

export interface JunkCost {
  readonly label: string
  readonly junk: readonly JunkKind[]
  /** Members beside the worthless ones. */
  readonly members: number
  readonly n: number
  /** Clean minus with junk, in each metric's own units; positive is a loss. */
  readonly losses: Readonly<Record<'insertion' | 'deletion' | 'IROF', number>>
  /** What the same members without junk gain over the mean of their scores, in each metric's own units. */
  readonly gains: Readonly<Record<'insertion' | 'deletion' | 'IROF', number>>
  /** Growth of infidelity, as a share. */
  readonly infidelity: number
  /** Share of the gain over the members' mean that is left, with the lower end of its interval; NaN where there was no gain. */
  readonly kept: Readonly<Record<'insertion' | 'deletion' | 'IROF', { readonly value: number; readonly low: number }>>
}

/** Metrics that junk is judged by: curves over both fills together. */
const groups = {
  insertion: ['insertion blur', 'insertion mean'],
  deletion: ['deletion blur', 'deletion mean'],
  IROF: ['IROF'],
} as const satisfies Record<string, readonly MetricName[]>
type Group = keyof typeof groups
const groupNames = Object.keys(groups) as Group[]

/** So many that p-values can stay below 5% after Holm's correction over all pairs of 27 contestants: 351 x 2 / 20,001. */
const resamples = 20_000

const foundLabels = { selected: 'selected (cross-fitted)', forward: 'forward selection (cross-fitted)' } as const

export const wantedLabel = (wanted: Wanted): string => (typeof wanted === 'string' ? foundLabels[wanted] : labelOf(wanted))

export const signOf = (metric: MetricName): number => (higherIsBetter(metric) ? 1 : -1)

/** Positive is better. */
const groupValue = (score: ScoreValue, group: Group): number => mean(groups[group].map(metric => signOf(metric) * score[metric]!))

export class Analysis {
  readonly members: readonly Contestant[]
  readonly controls: readonly Contestant[]
  readonly ensembles: readonly Contestant[]
  readonly #sources: ReadonlyMap<string, string>
  readonly #known = new Map<string, Resamples>()

  /** @param scores by whom: the primary predictor, or the model beside it */
  constructor(
    private readonly study: EnsembleStudy,
    private readonly scores: StudyScores = study.scores,
  ) {
    this.#sources = new Map(study.scored.map(({ item }) => [item.key, item.source]))
    const named = (role: Contestant['role']) => (run: { readonly entry: Entry; readonly values: ByPicture }) => ({
      label: labelOf(run.entry),
      role,
      values: run.values,
    })
    this.members = scores.rivals.map(named('member'))
    this.controls = scores.controls.map(named('control'))
    this.ensembles = [
      { label: foundLabels.selected, role: 'found', values: scores.selected },
      { label: foundLabels.forward, role: 'found', values: scores.forward },
      ...scores.defaults.map(named('default')),
    ]
  }

  /** Pictures that everything is compared on. */
  get pictures(): number {
    return this.scores.selected.size
  }

  /** Resamples of these pictures, drawn once. */
  resamples(keys: readonly string[]): Resamples {
    const name = keys.join()
    const known = this.#known.get(name)
    if (known) return known
    const made = new Resamples(
      keys.map(key => this.#sources.get(key)!),
      this.study.seed,
      resamples,
    )
    this.#known.set(name, made)
    return made
  }

  mean({ values }: Contestant, metric: MetricName) {
    const keys = [...values.keys()]
    const { value, low, high } = this.resamples(keys).mean(keys.map(key => values.get(key)![metric]!))
    return { value, low, high, n: keys.length }
  }

  /** Every metric; Holm's correction over rivals and the four curves together, over rivals for the other two. */
  comparisons({ values }: Contestant): Comparison[] {
    const raw = metricNames.flatMap(metric =>
      this.members.map(rival => {
        const keys = [...values.keys()].filter(key => rival.values.has(key))
        const [own, other] = [values, rival.values].map(from => keys.map(key => signOf(metric) * from.get(key)![metric]!)) as [
          number[],
          number[],
        ]
        const { value, low, high, p } = this.resamples(keys).difference(own, other)
        const deviation = standardDeviation(own.map((value, i) => value - other[i]!))
        return {
          metric,
          rival: rival.label,
          value,
          low,
          high,
          p,
          detectable: detectableDifference(deviation, keys.length),
          n: keys.length,
        }
      }),
    )
    const families = [curveMetrics as readonly MetricName[], ['IROF'], ['infidelity']] as const
    const adjusted = new Map<object, number>()
    for (const family of families) {
      const own = raw.filter(({ metric }) => (family as readonly MetricName[]).includes(metric))
      holm(own.map(({ p }) => p)).forEach((p, i) => {
        adjusted.set(own[i]!, p)
      })
    }
    return metricNames.map(metric => {
      const against = raw
        .filter(one => one.metric === metric)
        .map(one => {
          const { metric: _, p: __, ...rest } = one
          return { ...rest, adjusted: adjusted.get(one)! }
        })
      return {
        metric,
        hardest: against.reduce((worst, one) => (one.low < worst.low ? one : worst)),
        beaten: against.filter(({ low }) => low > 0).length,
        rivals: against.length,
        against,
      }
    })
  }

  /** Mean ranks over the four curves, and which pairs differ: paired bootstrap, Holm over all pairs. */
  ranking(): { contestants: readonly Contestant[]; ranks: number[]; differ: (a: number, b: number) => boolean } {
    const contestants = [...this.ensembles, ...this.members]
    const keys = [...this.scores.selected.keys()].filter(key => contestants.every(({ values }) => values.has(key)))
    const perPicture = keys.map(key => {
      const byMetric = curveMetrics.map(metric =>
        ranks(contestants.map(({ values }) => signOf(metric) * values.get(key)![metric]!)),
      )
      return contestants.map((_, c) => mean(byMetric.map(one => one[c]!)))
    })
    const columns = contestants.map((_, c) => perPicture.map(row => row[c]!))
    const pairs = contestants.flatMap((_, a) => contestants.slice(a + 1).map((__, k) => [a, a + 1 + k] as const))
    const resamples = this.resamples(keys)
    const p = pairs.map(([a, b]) => resamples.difference(columns[a]!, columns[b]!).p)
    const adjusted = new Map(holm(p).map((value, i) => [pairs[i]!.join(), value]))
    return {
      contestants,
      ranks: columns.map(column => mean(column)),
      differ: (a, b) => (adjusted.get([Math.min(a, b), Math.max(a, b)].join()) ?? 1) <= 0.05,
    }
  }

  /** The mean score of the first members on a picture, with their signs: what an ensemble of them gains upon. */
  #level(key: string, group: Group, members: number): number {
    const signed = this.scores.rivals.filter(({ entry }) => !entry.absolute).slice(0, members)
    return mean(signed.map(({ values }) => groupValue(values.get(key)!, group)))
  }

  junk(): JunkCost[] {
    const cleanOf = ({ wanted, members }: JunkRun): ByPicture =>
      this.study.junk.find(run => run.wanted === wanted && run.members === members && run.junk.length === 0)!.values
    return this.study.junk.flatMap(run => {
      const { wanted, junk, members, values } = run
      if (junk.length === 0) return []
      const clean = cleanOf(run)
      const keys = [...values.keys()].filter(key => clean.has(key) && this.scores.rivals.every(rival => rival.values.has(key)))
      const resamples = this.resamples(keys)
      const per = <Value>(make: (group: Group) => Value): Record<Group, Value> =>
        Object.fromEntries(groupNames.map(group => [group, make(group)])) as Record<Group, Value>
      const infidelity = (from: ByPicture): number => mean(keys.map(key => from.get(key)!.infidelity!))
      const gain = (from: ByPicture, group: Group): number[] =>
        keys.map(key => groupValue(from.get(key)!, group) - this.#level(key, group, members))
      return [
        {
          label: wantedLabel(wanted),
          junk,
          members,
          n: keys.length,
          losses: per(group => mean(keys.map(key => groupValue(clean.get(key)!, group) - groupValue(values.get(key)!, group)))),
          gains: per(group => mean(gain(clean, group))),
          infidelity: infidelity(values) / infidelity(clean) - 1,
          kept: per(group => {
            if (!(mean(gain(clean, group)) > 0)) return { value: Number.NaN, low: Number.NaN }
            const { value, low } = resamples.ratio(gain(values, group), gain(clean, group))
            return { value, low }
          }),
        },
      ]
    })
  }

  /** Scores of what is wanted on the pictures' own maps. */
  valuesOf(wanted: Wanted): ByPicture {
    if (typeof wanted === 'string') return this.scores[wanted]
    const label = labelOf(wanted)
    const { rivals, controls, defaults } = this.scores
    return [...rivals, ...controls, ...defaults].find(({ entry }) => labelOf(entry) === label)!.values
  }

  /** Whether a contestant's mean is above that of the median member on insertion and deletion. */
  aboveMedian({ values }: Contestant): boolean {
    const level = (from: ByPicture, metric: MetricName): number =>
      signOf(metric) * mean([...from.values()].map(score => score[metric]!))
    return curveMetrics.every(
      metric =>
        level(values, metric) >
        quantile(
          this.scores.rivals.filter(({ entry }) => !entry.absolute).map(rival => level(rival.values, metric)),
          0.5,
        ),
    )
  }
}
