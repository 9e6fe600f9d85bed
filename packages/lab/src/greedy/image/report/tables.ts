/** @file The main tables: every contestant on every metric, and Greedy PIG minus each. */

import type { ReportCell, ReportTable } from '../../../report/index.js'
import { columnOf, type Difference, metricColumn, type Run, runOf, type Statistics } from '../analysis.js'
import { contestantNamed, contestants } from '../contestants.js'
import type { Entry, FillName } from '../entry.js'
import { mainEntry } from '../plan.js'
import type { ImageStudy } from '../result.js'
import { type ImageMetric, imageMetrics, isTrained } from '../scores.js'
import type { ComparisonRow, MetricRow } from './data.js'
import { countCell, differenceCell, meanCell, sizeWords, textCell } from './words.js'

export const mainMetrics = imageMetrics.filter(({ main }) => main)

/** Runs of the rivals on the main objective, over one fill. */
export const rivalRuns = (study: ImageStudy, baseline: FillName): Run[] =>
  contestants.flatMap(({ name }) => runOf(study, { contestant: name, baseline }, 'rivals') ?? [])

const isMuted = ({ contestant }: Entry): boolean => contestantNamed(contestant).role === 'control'

const heading = (metric: ImageMetric, entry: Entry): string =>
  `${metric.title} ${metric.higherIsBetter ? '↑' : '↓'}${isTrained(metric, entry) ? ' (training objective)' : ''}`

export const meanRows = (study: ImageStudy, statistics: Statistics): MetricRow[] =>
  study.runs
    .filter(({ purpose, entry }) => purpose !== 'ablation' && entry.twist === undefined)
    .flatMap(({ entry, values }) =>
      imageMetrics.map(metric => ({
        ...entry,
        metric: metric.name,
        trained: isTrained(metric, entry),
        mean: statistics.mean(metricColumn(values, metric)),
      })),
    )

/** Greedy PIG minus every other contestant with the same objective and fill; one family per metric, objective and fill. */
export function comparisonRows(study: ImageStudy, statistics: Statistics, by: 'model' | 'twin' = 'model'): ComparisonRow[] {
  const { objectives, baselines } = study.preset
  return objectives.flatMap(objective =>
    baselines.flatMap(baseline => {
      const plain = study.runs.filter(
        ({ entry, purpose }) =>
          entry.objective === objective && entry.baseline === baseline && (purpose === 'rivals' || purpose === 'objectives'),
      )
      const greedy = plain.find(({ entry }) => entry.contestant === 'greedy-pig')
      if (!greedy) return []
      const others = plain.filter(run => run !== greedy)
      return imageMetrics.flatMap(metric => {
        const own = metricColumn(greedy.values, metric, by)
        const found = statistics.differences(
          others.map(({ values }) => [own, metricColumn(values, metric, by)]),
          metric.higherIsBetter,
        )
        return others.map(({ entry }, i) => ({
          ...entry,
          metric: metric.name,
          trained: isTrained(metric, entry),
          difference: found[i]!,
        }))
      })
    }),
  )
}

export function meansTable(study: ImageStudy, statistics: Statistics, baseline: FillName): ReportTable {
  const runs = rivalRuns(study, baseline)
  const main = { ...mainEntry(study.preset), baseline }
  const average = (run: Run, read: (cost: { forwards: number; gradients: number; milliseconds: number }) => number): ReportCell =>
    countCell(statistics.mean(columnOf(run.values, ({ cost }) => read(cost))).value)
  return {
    id: `means-${baseline}`,
    title: `Every method, optimised over the ${baseline} fill`,
    caption: `Means over n = ${runs[0]?.values.size ?? 0} pictures that the model answers correctly, with 95% bootstrap intervals. Objective ${main.objective}. Cost is what one map took; features, baseline and the budget of gradients are the same for all that take them (Blur IG's path starts at the blurred picture; greedy-gain spends forwards only). Insertion and deletion use the mean of each channel, which nothing optimised.`,
    columns: ['method', 'gradients', 'forwards', 'ms', ...mainMetrics.map(metric => heading(metric, main))],
    rows: runs.map(run => ({
      muted: isMuted(run.entry),
      cells: [
        textCell(run.entry.contestant, contestantNamed(run.entry.contestant).summary),
        average(run, ({ gradients }) => gradients),
        average(run, ({ forwards }) => forwards),
        average(run, ({ milliseconds }) => milliseconds),
        ...mainMetrics.map(metric => meanCell(statistics.mean(metricColumn(run.values, metric)))),
      ],
    })),
  }
}

/** @param by who predicts: the model, or its twin */
export function differencesTable(
  study: ImageStudy,
  rows: readonly ComparisonRow[],
  baseline: FillName,
  by: 'model' | 'twin' = 'model',
): ReportTable {
  const main = { ...mainEntry(study.preset), baseline }
  const own = rows.filter(row => row.objective === main.objective && row.baseline === baseline)
  const names = [...new Set(own.map(({ contestant }) => contestant))]
  const of = (contestant: string, metric: string): Difference | undefined =>
    own.find(row => row.contestant === contestant && row.metric === metric)?.difference
  const shown = own.filter(row => mainMetrics.some(({ name }) => name === row.metric)).map(({ difference }) => difference)
  return {
    id: `differences-${baseline}${by === 'twin' ? '-twin' : ''}`,
    title: `Greedy PIG minus each, ${baseline} fill${by === 'twin' ? ', predicted by the twin' : ''}`,
    caption: `Paired by picture; "better" means that Greedy PIG is. ${sizeWords(shown)} A column marked as training objective measures what was optimised over the fill that was: claims rest on the others.`,
    columns: ['Greedy PIG minus', ...mainMetrics.map(metric => heading(metric, main))],
    rows: names.map(contestant => ({
      muted: contestantNamed(contestant).role === 'control',
      cells: [
        textCell(contestant),
        ...mainMetrics.map(({ name }) => {
          const found = of(contestant, name)
          return found ? differenceCell(found) : textCell('–')
        }),
      ],
    })),
  }
}

/** Objective by metric: what is optimised, and what it does to everything measured. */
export function objectivesTable(study: ImageStudy, statistics: Statistics, rows: readonly ComparisonRow[]): ReportTable {
  const [baseline] = study.preset.baselines
  const runs = study.runs.filter(
    ({ entry, purpose }) =>
      entry.baseline === baseline &&
      (purpose === 'rivals' || purpose === 'objectives') &&
      (entry.contestant === 'greedy-pig' || entry.contestant === 'integrated-gradients'),
  )
  const against = rows.filter(row => row.contestant === 'integrated-gradients' && row.baseline === baseline)
  const lines = runs.map(({ entry, values }) => ({
    cells: [
      textCell(entry.contestant),
      textCell(entry.objective === 'kl' ? '−KL' : entry.objective),
      ...mainMetrics.map(metric =>
        meanCell(statistics.mean(metricColumn(values, metric)), isTrained(metric, entry) ? 'training objective' : undefined),
      ),
    ],
  }))
  const differences = study.preset.objectives.map(objective => ({
    cells: [
      textCell('difference'),
      textCell(objective === 'kl' ? '−KL' : objective),
      ...mainMetrics.map(({ name }) => {
        const found = against.find(row => row.objective === objective && row.metric === name)
        return found ? differenceCell(found.difference) : textCell('–')
      }),
    ],
  }))
  return {
    id: 'objectives',
    title: 'Objective by metric',
    caption: `What is optimised (rows) and what it does to every metric, over the ${baseline} fill; the last rows are Greedy PIG minus integrated gradients at the same number of gradients, corrected within their objective. ${sizeWords(against.map(({ difference }) => difference))}`,
    columns: ['method', 'objective', ...mainMetrics.map(({ title, higherIsBetter }) => `${title} ${higherIsBetter ? '↑' : '↓'}`)],
    rows: [...lines, ...differences],
  }
}

export function secondaryTable(study: ImageStudy, statistics: Statistics): ReportTable {
  const metrics = imageMetrics.filter(({ main }) => !main)
  const [baseline] = study.preset.baselines
  const runs = rivalRuns(study, baseline!)
  return {
    id: 'secondary',
    title: 'The divergence in other forms',
    caption: `Means with 95% intervals over n = ${runs[0]?.values.size ?? 0} pictures; lower is better. KL divided by its value with no feature, KL the other way round, and Jensen-Shannon.`,
    columns: ['method', ...metrics.map(({ title }) => title)],
    rows: runs.map(run => ({
      muted: isMuted(run.entry),
      cells: [
        textCell(run.entry.contestant),
        ...metrics.map(metric => meanCell(statistics.mean(metricColumn(run.values, metric)))),
      ],
    })),
  }
}
