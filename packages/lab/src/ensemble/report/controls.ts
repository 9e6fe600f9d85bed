/** @file Tables of what should find nothing, and of each member by itself. */

import type { ReportCell, ReportTable } from '../../report/index.js'
import type { Contestant } from '../analysis.js'
import type { MaskOnlyRow, TwistGain } from '../control-analysis.js'
import { curveMetrics, higherIsBetter } from '../identity.js'
import type { EnsembleComparison } from './data.js'
import { cell, interval, number, signed } from './words.js'

/** For each member: which ensembles beat it, and by how much at most. */
export function membersTable(members: readonly Contestant[], comparisons: readonly EnsembleComparison[]): ReportTable {
  const against = (ensemble: EnsembleComparison, metric: string, rival: string) =>
    ensemble.metrics.find(one => one.metric === metric)!.against.find(one => one.rival === rival)!
  return {
    id: 'members',
    title: 'Each member: who beats it',
    caption: `For each member and curve, how many of ${comparisons.length} ensembles beat it at 95%, and the one that is furthest above it: difference (positive: the ensemble is better) with its interval. The last column names the ensembles that beat the member on all four curves.`,
    columns: ['member', ...curveMetrics, 'beaten on all four by'],
    rows: members.map(({ label }) => {
      const beats = (one: EnsembleComparison, metric: string): boolean => against(one, metric, label).low > 0
      const all = comparisons.filter(one => curveMetrics.every(metric => beats(one, metric)))
      return {
        cells: [
          cell(label),
          ...curveMetrics.map((metric): ReportCell => {
            const found = comparisons.map(one => ({ ensemble: one.ensemble, ...against(one, metric, label) }))
            const best = found.reduce((most, one) => (one.value > most.value ? one : most))
            return {
              text: `${signed(best.value)} ${interval(best.low, best.high)}`,
              sort: best.value,
              notes: [`${best.ensemble}; beaten by ${found.filter(({ low }) => low > 0).length}`],
              good: best.low > 0,
            }
          }),
          all.length === comparisons.length
            ? cell('every ensemble')
            : { text: `${all.length}`, notes: [all.map(({ ensemble }) => ensemble).join('; ')] },
        ],
      }
    }),
  }
}

const twistWords = {
  'wrong-class': {
    id: 'wrong-class',
    title: 'Right class minus wrong class',
    caption:
      'Insertion of the right class by the maps made for it, minus that of a wrong class (drawn from the others by seed) by the maps made for that one. What is selected by a score may lift any class: what it lifts the right one by beyond a wrong one is the headline.',
    columns: ['right', 'wrong'],
  },
  'shuffled-weights': {
    id: 'shuffled-weights',
    title: 'Model minus shuffled model',
    caption:
      'Scores of the right class by maps of the model, and by maps of the same model with the values of every weight tensor shuffled; positive differences: the model’s own maps are better.',
    columns: ['model', 'shuffled'],
  },
} as const

export function twistTable(gains: readonly TwistGain[], twist: TwistGain['twist']): ReportTable[] {
  const own = gains.filter(one => one.twist === twist)
  if (own.length === 0) return []
  const { id, title, caption, columns } = twistWords[twist]
  const labels = [...new Set(own.map(({ label }) => label))]
  const metrics = curveMetrics.filter(metric => own.some(one => one.metric === metric))
  return [
    {
      id,
      title,
      caption: `${caption} n = ${own[0]!.n}, 95% intervals. Below an ensemble’s difference: minus that of the member with the largest.`,
      columns: [
        'map',
        ...metrics.flatMap(metric => [
          ...columns.map(name => `${metric} ${higherIsBetter(metric) ? '↑' : '↓'}, ${name}`),
          'difference',
        ]),
      ],
      rows: labels.map(label => ({
        muted: own.find(one => one.label === label)!.role === 'member',
        cells: [
          cell(label),
          ...metrics.flatMap((metric): ReportCell[] => {
            const { own: right, twisted, gain, aboveBest } = own.find(one => one.label === label && one.metric === metric)!
            return [
              { text: number(right.value), sort: right.value },
              { text: number(twisted.value), sort: twisted.value },
              {
                text: `${signed(gain.value)} ${interval(gain.low, gain.high)}`,
                sort: gain.value,
                good: gain.low > 0,
                ...(aboveBest && {
                  notes: [
                    `${signed(aboveBest.value)} ${interval(aboveBest.low, aboveBest.high)} to ${aboveBest.member}; detects ${number(aboveBest.detectable)}`,
                  ],
                }),
              },
            ]
          }),
        ],
      })),
    },
  ]
}

const contentNames = { own: 'its own picture', noise: 'noise', other: 'picture of another class' } as const

export function maskOnlyTable(rows: readonly MaskOnlyRow[]): ReportTable[] {
  if (rows.length === 0) return []
  return [
    {
      id: 'mask-only',
      title: 'Masks alone',
      caption: `Does the order leak the class by its shape? Insertion of a picture’s class when its order uncovers the picture itself, uniform noise, or a picture of another class, each over its own channel means. Below each number: its difference from a random order’s. n = ${rows[0]!.n}, 95% intervals.`,
      columns: ['map', ...rows[0]!.contents.map(({ content }) => contentNames[content])],
      rows: rows.map(({ label, contents }, i) => ({
        muted: i === rows.length - 1,
        cells: [
          cell(label),
          ...contents.map(
            ({ mean, above, detectable }): ReportCell => ({
              text: `${number(mean.value)} ${interval(mean.low, mean.high)}`,
              sort: mean.value,
              ...(i === rows.length - 1
                ? {}
                : { notes: [`${signed(above.value)} ${interval(above.low, above.high)}; detects ${number(detectable)}`] }),
            }),
          ),
        ],
      })),
    },
  ]
}
