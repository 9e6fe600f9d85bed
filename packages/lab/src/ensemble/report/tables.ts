/** @file The tables of scores: means, wins, what was selected, junk, failures. */

import type { ReportTable } from '../../report/index.js'
import { describeCell } from '../../runner/index.js'
import type { Analysis, JunkCost } from '../analysis.js'
import { labelOf } from '../entry.js'
import { higherIsBetter, metricNames } from '../identity.js'
import type { EnsembleStudy } from '../result.js'
import { bars, type EnsembleComparison } from './data.js'
import { onCurves, wins } from './statements.js'
import { cell, interval, number, percent, signed } from './words.js'

/** Who predicts: what a table's id and titles say about it. */
interface Predictor {
  readonly id: string
  readonly title: string
}

const primary: Predictor = { id: '', title: '' }

/** @param by who predicts */
export function meansTable(analysis: Analysis, by = primary): ReportTable {
  const all = [...analysis.ensembles, ...analysis.members, ...analysis.controls]
  return {
    id: `means${by.id}`,
    title: `Every ensemble, member and control${by.title}`,
    caption: `Means over n = ${analysis.pictures} pictures${by.title} with 95% intervals, bootstrap clustered by source. Ensembles named in advance are unselected; members and controls are grey. Infidelity is relative: 0 is perfect, 1 is no map at all.`,
    columns: ['map', ...metricNames.map(name => `${name} ${higherIsBetter(name) ? '↑' : '↓'}`)],
    rows: all.map(contestant => ({
      muted: contestant.role === 'member' || contestant.role === 'control',
      cells: [
        { text: contestant.label, ...(contestant.role === 'control' ? { notes: ['control'] } : {}) },
        ...metricNames.map(name => {
          const { value, low, high } = analysis.mean(contestant, name)
          return { text: number(value), sort: value, notes: [interval(low, high)] }
        }),
      ],
    })),
  }
}

/** @param by who predicts */
export function winsTable(comparisons: readonly EnsembleComparison[], by = primary): ReportTable {
  const found = comparisons.flatMap(({ metrics }) => onCurves(metrics).map(({ hardest }) => hardest))
  const [least, most] = [
    Math.min(...found.map(({ detectable }) => detectable)),
    Math.max(...found.map(({ detectable }) => detectable)),
  ]
  return {
    id: `wins${by.id}`,
    title: `Against every member${by.title}`,
    caption: `For each metric, the member that the ensemble is least above: difference (positive: the ensemble is better), 95% interval, members beaten at 95%. n = ${found[0]?.n ?? 0}, detectable difference 2.8 s_d / sqrt(n) from ${number(least)} to ${number(most)}; smaller effects are not resolved. p after Holm’s correction over members and the four curves.`,
    columns: ['ensemble', 'beats all', ...metricNames],
    rows: comparisons.map(({ ensemble, metrics }) => ({
      cells: [
        cell(ensemble),
        { text: wins(metrics) ? 'yes' : 'no', good: wins(metrics) },
        ...metrics.map(({ hardest, beaten, rivals }) => ({
          text: `${signed(hardest.value)} ${interval(hardest.low, hardest.high)}`,
          sort: hardest.value,
          notes: [`${hardest.rival}; beats ${beaten} of ${rivals}; p ${number(hardest.adjusted)}`],
          good: beaten === rivals,
        })),
      ],
    })),
  }
}

export const choiceTable = ({ choices, members }: EnsembleStudy): ReportTable => ({
  id: 'choices',
  title: 'What the search took',
  caption:
    'For each fold, from the pictures of the others: the candidate whose smallest margin over the best member, over insertion and deletion in two fills and in standard deviations of that member, is largest. Beside it what forward selection took: single maps, each as often as it counts.',
  columns: ['fold', 'ensemble', 'margin there', 'forward selection', 'margin there', 'best member there'],
  rows: choices.map(({ fold, entry, margin, forward, ranked }) => ({
    cells: [
      cell(String(fold + 1)),
      cell(labelOf(entry)),
      { text: signed(margin), sort: margin },
      cell(labelOf(forward.entry)),
      { text: signed(forward.margin), sort: forward.margin },
      cell(members[ranked[0]!]!.label),
    ],
  })),
})

export const junkTable = (junk: readonly JunkCost[]): ReportTable => ({
  id: 'junk',
  title: 'Worthless members added',
  caption: `What worthless members cost (positive: a loss), eight members in all: against the same proper members without them, on n = ${junk[0]?.n ?? 0} pictures; and the share of the gain over those members’ mean score that is left, with the lower end of its 95% interval. Insertion and deletion are means over both fills. Inverted is the negative of the best of them.`,
  columns: ['ensemble', 'junk', 'insertion', 'deletion', 'IROF', 'infidelity', 'insertion kept', 'deletion kept', 'IROF kept'],
  rows: junk.map(({ label, junk: kinds, members, losses, gains, infidelity, kept }) => ({
    cells: [
      cell(label),
      { text: kinds.join(' + '), notes: [`${kinds.length} of ${members + kinds.length}`] },
      ...(['insertion', 'deletion', 'IROF'] as const).map(name => ({
        text: signed(losses[name]),
        sort: losses[name],
        good: losses[name] < bars.loss,
      })),
      { text: percent(infidelity), sort: infidelity, good: infidelity < bars.infidelity },
      ...(['insertion', 'deletion', 'IROF'] as const).map(name => ({
        text: Number.isFinite(kept[name].value) ? `${number(100 * kept[name].value, 0)}%` : 'no gain',
        sort: kept[name].value,
        notes: [`of ${signed(gains[name])}; from ${number(100 * kept[name].low, 0)}%`],
        good: kept[name].value >= bars.kept,
      })),
    ],
  })),
})

export const failureTable = ({ failed }: EnsembleStudy): ReportTable => ({
  id: 'failures',
  title: 'Failures',
  caption: 'Cells that could not be computed; the same command tries them again. Numbers above leave them out.',
  columns: ['cell', 'why'],
  rows: failed.map(({ cell: one, error }) => ({ cells: [cell(describeCell(one.identity)), cell(error.message)] })),
})
