/** @file The report of the tables study as one self-contained HTML page. */
import { escapeHtml as esc, formatNumber } from '@ascribe/core'
import { barChart, lineChart } from '../../../charts/index.js'
import { type Cell, renderTable, reportPage, type Table, textCell } from '../../../report/index.js'
import type { Difference, Interval, ModelSummary, SelectorScore, TabularReport } from './data.js'

/** Depends on its argument alone: equal reports give equal bytes. */
export function renderTabularReport(report: TabularReport): string {
  const parts = groupsOf(report.scores)
  const sections: [id: string, title: string, body: string][] = [
    ['bars', 'What was asked in advance', barsPart(report)],
    ['models', 'Models', modelsPart(report.models)],
    ...parts.map(({ table, training, scores }): [string, string, string] => [
      idOf(table, training),
      `${table}, ${training} training`,
      scorePart(report, table, training, scores),
    ]),
    ['retrained', 'Networks trained anew on the chosen columns', retrainedPart(report)],
    ['ablation', 'Settings of greedy-pig', ablationPart(report)],
    ['reading', 'How to read this page', reading],
  ]
  return reportPage({
    title: report.title,
    facts: report.facts,
    header: `<nav aria-label="Contents">${sections.map(([id, title]) => `<a href="#${id}">${esc(title)}</a>`).join('')}</nav>`,
    body: `${sections.map(([id, title, body]) => `<section id="${id}"><h2>${esc(title)}</h2>${body}</section>`).join('\n')}`,
  })
}

const idOf = (table: string, training: string): string => `${table}-${training}`.replace(/[^\w-]+/g, '-')

interface Group<T> {
  readonly table: string
  readonly training: string
  readonly scores: readonly T[]
}

function groupsOf<T extends { readonly table: string; readonly training: string }>(all: readonly T[]): Group<T>[] {
  const keys = [...new Set(all.map(({ table, training }) => JSON.stringify([table, training])))]
  return keys.map(key => {
    const [table, training] = JSON.parse(key) as [string, string]
    return { table, training, scores: all.filter(one => one.table === table && one.training === training) }
  })
}

const decimals = (value: number, digits = 4): string => (Number.isFinite(value) ? value.toFixed(digits) : '–')
const number = (value: number, digits = 4): Cell => ({ html: decimals(value, digits), sort: value })

const ends = ({ low, high }: Interval, digits: number): string =>
  low === null || high === null ? '' : ` <span class="soft small">[${decimals(low, digits)}, ${decimals(high, digits)}]</span>`

const interval = (own: Interval | undefined, digits = 4): Cell =>
  own ? { html: `<span class="number">${decimals(own.value, digits)}${ends(own, digits)}</span>`, sort: own.value } : textCell('')

function difference(own: Difference | undefined, digits = 4): Cell {
  if (!own) return textCell('')
  const words = own.verdict === 'not resolved' ? '<span class="tag">not resolved</span>' : ''
  return { html: `<span class="number">${decimals(own.value, digits)}${ends(own, digits)}</span>${words}`, sort: own.value }
}

function barsPart({ bars, designs }: TabularReport): string {
  const list = bars.map(
    ({ statement, met, detail }) =>
      `<li><span class="badge ${met ? 'ok' : 'bad'}"><span aria-hidden="true">${met ? '✓' : '✗'}</span> ${met ? 'met' : 'not met'}</span> ${esc(statement)} <span class="soft small">(${esc(detail)})</span></li>`,
  )
  const drawn = designs.map(({ name, summary }) => `<li><strong>${esc(name)}</strong>: ${esc(summary)}</li>`)
  return `<ul class="summary">${list.join('')}</ul>${drawn.length > 0 ? `<h3>Generated tables</h3><ul>${drawn.join('')}</ul>` : ''}`
}

function modelsPart(models: readonly ModelSummary[]): string {
  return renderTable({
    caption:
      'Means over models, on the test rows. Valid: models to which every cue matters (hiding all its columns costs at least 0.005 nats); shares of cues are of these.',
    columns: [
      { label: 'Table' },
      { label: 'Training' },
      { label: 'Models', numeric: true },
      { label: 'Valid', numeric: true },
      { label: 'Loss', numeric: true },
      { label: 'AUC', numeric: true },
      { label: 'Loss without columns', numeric: true },
    ],
    rows: models.map(({ table, training, models: count, valid, loss, auc, empty }) => ({
      cells: [
        textCell(table),
        textCell(training),
        number(count, 0),
        valid === undefined ? textCell('') : number(valid, 0),
        number(loss),
        number(auc),
        number(empty),
      ],
    })),
  })
}

/** What is drawn in resamples: seeds of a generated table, test rows of a file. */
const unitOf = ({ designs }: TabularReport, table: string): string =>
  designs.some(({ name }) => name === table) ? 'seeds of data and training' : 'test rows, means over training seeds'

/** The largest detectable difference, in words. */
function power(what: string, all: readonly (Difference | undefined)[]): string {
  const values = all.flatMap(one => one?.detectable ?? [])
  return values.length === 0 ? `no interval of ${what} from one seed` : `${what} ${formatNumber(Math.max(...values), 2)} at most`
}

function scorePart(report: TabularReport, table: string, training: string, scores: readonly SelectorScore[]): string {
  const cues = scores.some(score => score.cues)
  const first = scores[0]!
  const of = scores.find(({ complete }) => complete)?.complete?.of
  const caption =
    `<strong>Selectors</strong>. n = ${first.n} ${unitOf(report, table)}${of === undefined ? '' : `, ${of} of them valid for cues`}. ` +
    `Detectable differences: ${power(
      'area',
      scores.map(one => one.areaDifference),
    )}${
      cues
        ? `, ${power(
            'cues',
            scores.map(one => one.cuesDifference),
          )}`
        : ''
    }; smaller effects read “not resolved”. ` +
    'Differences are paired, above 0 greedy-pig is better. Cost in passes over the training rows.'
  const columns: Table['columns'] = [
    { label: 'Selector' },
    { label: 'Area below the loss', numeric: true },
    { label: 'Rival − greedy-pig', numeric: true },
    { label: 'Area below the AUC', numeric: true },
    ...(cues
      ? [
          { label: 'Cues in the first K', numeric: true },
          { label: 'Greedy-pig − rival', numeric: true },
          { label: 'All cues first', numeric: true },
        ]
      : []),
    { label: 'Gradients', numeric: true },
    { label: 'Forwards', numeric: true },
  ]
  const rows = scores.map(score => ({
    cells: [
      textCell(score.selector),
      interval(score.area),
      difference(score.areaDifference),
      number(score.aucArea),
      ...(cues ? [interval(score.cues, 3), difference(score.cuesDifference, 3), completeCell(score)] : []),
      number(score.gradients, 0),
      number(score.forwards, 0),
    ],
    muted: score.selector === 'random',
  }))
  return `<div class="charts">${chartsOf(report, table, training, scores)}</div>${renderTable({ columns, rows, caption })}${ordersOf(report, table, training)}`
}

const completeCell = ({ complete }: SelectorScore): Cell =>
  complete
    ? {
        html: `${complete.count} of ${complete.of} <span class="soft small">[${decimals(complete.low, 2)}, ${decimals(complete.high, 2)}]</span>`,
        sort: complete.count,
      }
    : textCell('')

function chartsOf(report: TabularReport, table: string, training: string, scores: readonly SelectorScore[]): string {
  const curves = report.curves.filter(curve => curve.table === table && curve.training === training)
  const line = (title: string, yLabel: string, read: 'loss' | 'auc'): string =>
    lineChart({
      title,
      xLabel: 'columns shown',
      yLabel,
      series: curves.map(({ selector, [read]: values }) => ({
        label: selector,
        points: values.map((value, k) => [k, value] as const),
      })),
    })
  const cues = scores.filter(score => score.cues)
  const drawn = [
    line('Loss of the frozen model on test rows', 'nats', 'loss'),
    line('ROC AUC of the frozen model on test rows', 'AUC', 'auc'),
    ...(cues.length === 0
      ? []
      : [
          barChart({
            title: 'Different cues among the first K columns',
            xLabel: 'share of K, mean over seeds',
            range: [0, 1],
            groups: [
              {
                label: '',
                bars: cues.map(({ selector, cues: own }) => ({
                  label: selector,
                  value: own!.value,
                  ...(own!.low === null || own!.high === null ? {} : { low: own!.low, high: own!.high }),
                  muted: selector === 'random',
                })),
              },
            ],
          }),
        ]),
  ]
  return drawn.map(svg => `<figure>${svg}</figure>`).join('\n')
}

function ordersOf({ curves }: TabularReport, table: string, training: string): string {
  const own = curves.filter(curve => curve.table === table && curve.training === training)
  return renderTable({
    caption: '<strong>The order of the first seed</strong>, best first.',
    columns: [{ label: 'Selector' }, { label: 'Columns' }],
    rows: own.map(({ selector, order }) => ({ cells: [textCell(selector), textCell(order.slice(0, 8).join(' · '))] })),
  })
}

function retrainedPart(report: TabularReport): string {
  const all = report.retrained
  if (all.length === 0) return '<p class="empty">Nothing was trained anew in this run.</p>'
  return groupsOf(all)
    .map(({ table, training, scores }) => {
      const counts = [...new Set(scores.map(({ count }) => count))]
      const selectors = [...new Set(scores.map(({ selector }) => selector))]
      const find = (selector: string, count: number) => scores.find(one => one.selector === selector && one.count === count)
      const resolves = power(
        'loss',
        scores.map(one => one.difference),
      )
      return renderTable({
        caption: `<strong>${esc(table)}</strong>, columns chosen on the model of ${esc(training)} training. n = ${scores[0]!.n} ${unitOf(report, table)}; detectable differences: ${resolves}. Test loss, its difference from greedy-pig's, test AUC.`,
        groups: [{ label: '', span: 1 }, ...counts.map(count => ({ label: `${count} columns`, span: 3 }))],
        columns: [
          { label: 'Selector' },
          ...counts.flatMap(() => [
            { label: 'Loss', numeric: true },
            { label: 'Difference', numeric: true },
            { label: 'AUC', numeric: true },
          ]),
        ],
        rows: selectors.map(selector => ({
          cells: [
            textCell(selector),
            ...counts.flatMap(count => {
              const own = find(selector, count)
              return [interval(own?.loss), difference(own?.difference), own ? number(own.auc) : textCell('')]
            }),
          ],
          muted: selector === 'random',
        })),
      })
    })
    .join('\n')
}

function ablationPart(report: TabularReport): string {
  const all = report.ablation
  if (all.length === 0) return '<p class="empty">No settings were compared in this run.</p>'
  return groupsOf(all)
    .map(({ table, training, scores }) => {
      const resolves = power(
        'area',
        scores.map(one => one.difference),
      )
      return renderTable({
        caption: `<strong>${esc(table)}, ${esc(training)} training</strong>. n = ${scores[0]!.n} ${unitOf(report, table)}; detectable differences: ${resolves}. One setting changed at a time; the curve is always scored at the study's baseline.`,
        columns: [
          { label: 'Setting' },
          { label: 'Area below the loss', numeric: true },
          { label: 'Minus the defaults’', numeric: true },
          { label: 'Cues in the first K', numeric: true },
          { label: 'Gradients', numeric: true },
        ],
        rows: scores.map(({ settings, area, difference: own, cues, gradients }) => ({
          cells: [textCell(settings), interval(area), difference(own), interval(cues, 3), number(gradients, 0)],
        })),
      })
    })
    .join('\n')
}

const entries: readonly (readonly [term: string, words: string])[] = [
  [
    'The question',
    'A trained network is kept as it is. Columns that are not selected show the mean of the training rows (of a category, the shares of its values). Which columns, added one after the other, bring its loss down fastest? One selection serves all rows. Selectors see training rows only, training stops by validation rows, and all numbers are of test rows.',
  ],
  [
    'Two trainings',
    'Plain: whole rows. Masked: a random set of columns in each row, the rest at the baseline, so that a row with columns switched off is nothing new to the network. A network of plain training that reads three copies of a cue adds them up: to it, a second copy is worth something. Masked training is primary.',
  ],
  [
    'Cues in the first K',
    'Generated tables carry K cues, some in several columns. Among the first K columns of an order, how many different cues are there, over K? A second copy, noise and mixtures of cues count nothing.',
  ],
  [
    'Areas',
    'Trapezoids below the test loss (lower is better) and below the ROC AUC (higher is better) over k/n, k = 0 included.',
  ],
  [
    'Our choices',
    'The paper does not say how many columns a round selects, how many points a path has or what masked columns show. One column a round, 16 Gauss-Legendre points and the mean are ours; the section on settings shows what they change.',
  ],
  [
    'Exact copies and LASSO',
    'A group penalty shares the coefficient among columns that are equal, and they enter together; their order is then the table’s. The columns of generated tables stand in an order of their own for each seed.',
  ],
]

const reading = `<div class="explain"><dl>${entries.map(([term, words]) => `<dt>${esc(term)}</dt><dd>${esc(words)}</dd>`).join('')}</dl></div>`
