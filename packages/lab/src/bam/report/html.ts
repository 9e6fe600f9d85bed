/** @file The report of BAM as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc, formatNumber, formatShare } from '@ascribe/core'
import { type Cell, type ExampleRow, exampleGrid, type Figure, renderTable, reportPage, textCell } from '../../report/index.js'
import type { BamReport, ModelRow, PlainTable } from './data.js'
import { findingsPart } from './findings-part.js'
import { howToRead } from './how-to-read.js'
import { idOf, metricPart } from './metric-part.js'
import { paperPart } from './paper-part.js'
import { metricsOf, metricTitle, whole } from './words.js'

/**
 * The page. It depends on its argument alone: equal reports give equal bytes. Every text is escaped; figures' SVG goes in as it is;
 * a content security policy forbids everything but the page's own style, data: pictures and the script that sorts tables.
 */
export function renderBamReport(report: BamReport): string {
  const metrics = metricsOf(report.scores)
  const parts = [
    findingsPart(report.findings),
    modelsPart(report.models),
    ...(metrics.length
      ? metrics.map(metric =>
          metricPart(
            metric,
            report.scores.filter(row => row.metric === metric),
          ),
        )
      : ['<section id="metrics"><h2>Scores</h2><p class="empty">Nothing was scored in this run.</p></section>']),
    paperPart(report.scores),
    figuresPart(report.figures ?? []),
    examplesPart(report.examples),
    tablesPart(report.tables),
    howToRead,
  ]
  return reportPage({
    title: report.title,
    facts: report.facts,
    header: contents(report, metrics),
    body: parts.filter(Boolean).join('\n'),
  })
}

function contents(report: BamReport, metrics: readonly string[]): string {
  const links: [string, string][] = [
    ['findings', 'Findings'],
    ['models', 'Models'],
    ...metrics.map((metric): [string, string] => [idOf(metric), metricTitle(metric)]),
    ['paper', 'Beside the paper'],
  ]
  if (report.figures?.length) links.push(['figures', 'Figures'])
  if (report.examples.length) links.push(['examples', 'Example maps'])
  if (report.tables.length) links.push(['tables', 'More tables'])
  links.push(['reading', 'How to read this page'])
  return `<nav aria-label="Contents">${links.map(([id, label]) => `<a href="#${id}">${esc(label)}</a>`).join('')}</nav>`
}

function modelsPart(models: readonly ModelRow[]): string {
  const notes = models.some(model => model.note)
  const columns = [
    { label: 'Architecture' },
    { label: 'Trained on' },
    { label: 'Accuracy', numeric: true },
    { label: 'Pictures', numeric: true },
    { label: 'Parameters', numeric: true },
    { label: 'File' },
    ...(notes ? [{ label: 'Note' }] : []),
  ]
  const rows = models.map(model => ({
    cells: [
      textCell(model.architecture),
      textCell(model.set),
      { html: `<strong>${esc(formatShare(model.accuracy))}</strong>`, sort: model.accuracy },
      { html: whole(model.count), sort: model.count },
      { html: whole(model.parameters), sort: model.parameters },
      { html: `<code>${esc(model.file)}</code>` },
      ...(notes ? [textCell(model.note ?? '')] : []),
    ],
  }))
  const caption = 'Share of the validation pictures that each model names correctly, by its own label.'
  const body = models.length ? renderTable({ columns, rows, caption }) : '<p class="empty">No models are listed.</p>'
  return `<section id="models"><h2>Models</h2>${body}</section>`
}

function figuresPart(figures: readonly Figure[]): string {
  if (figures.length === 0) return ''
  const drawn = figures.map(
    ({ title, caption, svg }) => `<figure aria-label="${esc(title)}">${svg}<figcaption>${esc(caption)}</figcaption></figure>`,
  )
  return `<section id="figures"><h2>Figures</h2><div class="charts">${drawn.join('\n')}</div></section>`
}

function examplesPart(examples: readonly ExampleRow[]): string {
  if (examples.length === 0) return ''
  const intro =
    'The first picture of a row is the input with the object outlined. Red speaks for the predicted class, blue against it; maps without a sign run from dark to bright. ' +
    'Colours are scaled for each map on its own.'
  return `<section id="examples"><h2>Example maps</h2>${exampleGrid(examples, intro)}</section>`
}

function tablesPart(tables: readonly PlainTable[]): string {
  if (tables.length === 0) return ''
  return `<section id="tables"><h2>More tables</h2>${tables.map(plainTable).join('\n')}</section>`
}

function plainTable({ title, caption, columns, rows }: PlainTable): string {
  const cell = (value: string | number): Cell =>
    typeof value === 'string'
      ? textCell(value)
      : { html: Number.isInteger(value) ? whole(value) : formatNumber(value, 4), sort: value }
  return renderTable({
    caption: `<strong>${esc(title)}</strong>. ${esc(caption)}`,
    columns: columns.map((label, i) => ({ label, numeric: rows.length > 0 && rows.every(row => typeof row[i] === 'number') })),
    rows: rows.map(row => ({ cells: row.map(cell) })),
  })
}
