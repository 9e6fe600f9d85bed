/** @file Our order of methods beside the paper's, and how far orders agree between models and metrics. */
import { escapeHtml as esc } from '@ascribe/core'
import { type Cell, renderTable, textCell } from '../../report/index.js'
import { paperMethods, paperStatements } from '../metrics/index.js'
import type { ScoreRow } from './data.js'
import { rankCell } from './metric-part.js'
import { agreementWithPaper, nameOf, orderAgreement, rankRows } from './ranking.js'
import { mainVariant, metricsOf, metricTitle, score, unique } from './words.js'

interface Order {
  readonly metric: string
  readonly architecture: string
  readonly rows: readonly ScoreRow[]
}

/** Scores of methods in the headline form, for each metric and architecture. */
function ordersOf(scores: readonly ScoreRow[]): Order[] {
  return metricsOf(scores).flatMap(metric => {
    const own = scores.filter(row => row.metric === metric && !row.control)
    const variant = mainVariant(own)
    return unique(own.map(row => row.architecture)).map(architecture => ({
      metric,
      architecture,
      rows: own.filter(row => row.architecture === architecture && row.variant === variant),
    }))
  })
}

const paperNames = new Set(paperMethods.map(({ name }) => name))

export function paperPart(scores: readonly ScoreRow[]): string {
  const orders = ordersOf(scores)
  const compared = orders.filter(({ rows }) => rows.some(row => paperNames.has(nameOf(row))))
  const body = compared.length
    ? `${placesTable(compared)}${agreementTable(compared)}${betweenTable(orders)}`
    : '<p class="empty">None of the paper\'s methods was scored in this run.</p>'
  return `<section id="paper"><h2>Our order beside the paper's</h2>
<p class="intro">The paper's bars are known only in part. Its published code lists eight methods in an order that a comment there calls roughly best to worst;
the statements below are what else is known of its results. None of them was measured on this data, so a disagreement may come from the data, the models or
the methods' options.</p>
${body}${statements()}</section>`
}

const short = (metric: string): string => (metric.length <= 4 ? metric.toUpperCase() : metric)

function placesTable(orders: readonly Order[]): string {
  const metrics = unique(orders.map(order => order.metric))
  const cells = orders.map(({ rows }) => rankRows(rows.filter(row => paperNames.has(nameOf(row)))))
  return renderTable({
    caption: `<strong>Places among the paper's methods</strong>, 1 the best; in brackets the places that the intervals allow.`,
    groups: [
      { label: '', span: 2 },
      ...metrics.map(metric => ({ label: short(metric), span: orders.filter(order => order.metric === metric).length })),
    ],
    columns: [
      { label: 'Method' },
      { label: 'Paper', numeric: true },
      ...orders.map(({ architecture }) => ({ label: architecture, numeric: true })),
    ],
    rows: paperMethods.map(({ name }, place) => ({
      cells: [
        textCell(name),
        { html: String(place + 1), sort: place + 1 },
        ...cells.map(
          (ranked): Cell => rankCell(ranked.find(({ row }) => nameOf(row) === name) ?? { rank: null, best: 0, worst: 0 }),
        ),
      ],
    })),
  })
}

const number = (value: number): Cell => ({ html: score(value), sort: value })

function agreementTable(orders: readonly Order[]): string {
  return renderTable({
    caption:
      "<strong>Agreement with the paper's order</strong>, over all pairs of methods: a pair agrees or disagrees only if its two scores are told apart. Rank correlations run from −1 (reversed) over 0 (unrelated) to 1 (the same).",
    columns: [
      { label: 'Metric' },
      { label: 'Architecture' },
      { label: "Kendall's tau", numeric: true },
      { label: "Spearman's rho", numeric: true },
      { label: 'Agree', numeric: true },
      { label: 'Disagree', numeric: true },
      { label: 'Tied', numeric: true },
      { label: 'Where we disagree: the paper puts the first above the second' },
    ],
    rows: orders.map(({ metric, architecture, rows }) => {
      const { kendall, spearman, agreeing, disagreeing, tied } = agreementWithPaper(rows)
      return {
        cells: [
          textCell(short(metric)),
          textCell(architecture),
          number(kendall),
          number(spearman),
          ...[agreeing, disagreeing, tied].map(({ length }): Cell => ({ html: String(length), sort: length })),
          { html: pairs(disagreeing), sort: disagreeing.length },
        ],
      }
    }),
  })
}

const pairs = (list: readonly (readonly [string, string])[]): string =>
  list.length
    ? `<ul class="pairs">${unique(list.map(([above]) => above))
        .map(above => {
          const below = list.filter(([first]) => first === above).map(([, second]) => second)
          return `<li>${esc(above)} above ${esc(below.join(', '))}</li>`
        })
        .join('')}</ul>`
    : '<span class="soft">nowhere</span>'

/** Rank correlations between architectures on one metric, and between metrics on one architecture, over all methods. */
function betweenTable(orders: readonly Order[]): string {
  const rows = orders.flatMap((first, i) =>
    orders
      .slice(i + 1)
      .filter(second => (first.metric === second.metric) !== (first.architecture === second.architecture))
      .map(second => {
        const { count, kendall, spearman } = orderAgreement(first.rows, second.rows)
        const sameMetric = first.metric === second.metric
        const what = sameMetric
          ? `${first.architecture} and ${second.architecture}`
          : `${short(first.metric)} and ${short(second.metric)}`
        return {
          order: sameMetric ? 0 : 1,
          cells: [
            textCell(what),
            textCell(sameMetric ? metricTitle(first.metric) : first.architecture),
            number(kendall),
            number(spearman),
            { html: String(count), sort: count },
          ],
        }
      }),
  )
  if (rows.length === 0) return ''
  return renderTable({
    caption:
      '<strong>Do rankings carry over?</strong> Rank correlation of the scores of all methods (no controls) between two models, or between two metrics on one model.',
    columns: [
      { label: 'Between' },
      { label: 'On' },
      { label: "Kendall's tau", numeric: true },
      { label: "Spearman's rho", numeric: true },
      { label: 'Methods', numeric: true },
    ],
    rows: rows.toSorted((a, b) => a.order - b.order),
  })
}

const statements = (): string =>
  renderTable({
    caption: '<strong>What is known of the paper’s results</strong>, and from where.',
    columns: [{ label: 'Metric' }, { label: 'Statement' }, { label: 'Known from' }],
    rows: paperStatements.map(({ metric, statement, reliability, source }) => ({
      cells: [
        textCell(short(metric)),
        textCell(statement),
        { html: `${esc(reliability)}<small>${esc(source)}</small>`, sort: reliability },
      ],
    })),
  })
