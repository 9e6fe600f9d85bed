/** @file A metric's part of a report's page: charts, a table for each architecture, and the other forms of the map. */
import { escapeHtml as esc } from '@ascribe/core'
import { barChart } from '../../charts/index.js'
import { type Cell, renderTable, textCell } from '../../report/index.js'
import type { ScoreRow } from './data.js'
import { marginOf, nameOf, type RankedRow, rankRows } from './ranking.js'
import { ends, mainVariant, metricOf, metricTitle, score, signed, span, unique, whole } from './words.js'

/** Rows of one metric, all architectures and variants. */
export function metricPart(metric: string, rows: readonly ScoreRow[]): string {
  const known = metricOf(metric)
  const variant = mainVariant(rows)
  const main = rows.filter(row => row.variant === variant)
  const architectures = unique(main.map(row => row.architecture))
  const groups = architectures.map(architecture => ({ architecture, own: main.filter(row => row.architecture === architecture) }))
  const intro = known
    ? `<p class="intro">${esc(capital(known.summary))}. <span class="soft">${esc(known.formula)}; ${esc(known.direction)}.</span></p>`
    : ''
  const range = spanOf(main)
  return `<section id="${idOf(metric)}"><h2>${esc(metricTitle(metric))}</h2>${intro}
<div class="charts">${groups.map(({ architecture, own }) => chart(metric, architecture, own, range)).join('\n')}</div>
${groups.map(({ architecture, own }) => scoreTable(metric, architecture, variant!, own)).join('\n')}
${variantsTable(metric, rows)}</section>`
}

export const idOf = (metric: string): string => `metric-${metric.replace(/[^a-z0-9]+/gi, '-')}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function spanOf(rows: readonly ScoreRow[]): readonly [number, number] {
  const all = rows.flatMap(row => [row.score.value, row.score.low, row.score.high]).filter(Number.isFinite)
  return [Math.min(0, ...all), Math.max(0, ...all)]
}

function chart(metric: string, architecture: string, rows: readonly ScoreRow[], range: readonly [number, number]): string {
  const reference = metricOf(metric)?.reference ?? null
  const bars = rankRows(rows).map(({ row }) => ({ label: nameOf(row), ...row.score, muted: row.control }))
  return `<figure>${barChart({
    title: `${architecture}: ${metricTitle(metric)}`,
    xLabel: 'score with its 95% interval; controls in grey',
    groups: [{ label: '', bars }],
    range,
    ...(reference ? { reference: { value: reference, label: 'blind to the difference' } } : {}),
  })}</figure>`
}

const columns = [
  { label: 'Method' },
  { label: 'Rank', numeric: true },
  { label: 'Score', numeric: true },
  { label: '95% interval', numeric: true },
  { label: 'Valid / all', numeric: true },
  { label: 'Detectable', numeric: true },
  { label: 'Against the best control' },
]

function scoreTable(metric: string, architecture: string, variant: string, rows: readonly ScoreRow[]): string {
  const form = variant === 'positive' ? 'positive evidence, as in the paper' : `${variant} values`
  const caption =
    `<strong>${esc(architecture)}</strong>, ${esc(metricTitle(metric))}, ${esc(form)}. ` +
    `Valid pictures ${span(
      rows.map(row => row.valid),
      whole,
    )} of ${span(
      rows.map(row => row.count),
      whole,
    )}; detectable difference ${span(
      rows.map(row => row.detectable),
      score,
    )}.`
  const body = rankRows(rows).map(ranked => ({ cells: scoreCells(ranked, rows), muted: ranked.row.control }))
  return renderTable({ columns, rows: body, caption })
}

const scoreCells = (ranked: RankedRow, rows: readonly ScoreRow[]): Cell[] => {
  const { row } = ranked
  return [
    methodCell(row),
    rankCell(ranked),
    { html: `<strong>${score(row.score.value)}</strong>`, sort: row.score.value },
    { html: ends(row.score), sort: row.score.low },
    { html: `${whole(row.valid)} / ${whole(row.count)}`, sort: row.valid },
    { html: score(row.detectable), sort: row.detectable },
    marginCell(row, rows),
  ]
}

function methodCell(row: ScoreRow): Cell {
  const name = nameOf(row)
  const spec = row.method === name ? '' : `<code class="spec">${esc(row.method).replace(/([,:;])/g, '$1<wbr>')}</code>`
  return { html: `${esc(name)}${row.control ? ' <span class="tag">control</span>' : ''}${spec}`, sort: name }
}

/** A place, and the places it could have; controls and rows without a score have none and sort last. */
export function rankCell({ rank, best, worst }: Pick<RankedRow, 'rank' | 'best' | 'worst'>): Cell {
  if (rank === null) return { html: '–', sort: 1e6 }
  return { html: best === worst ? String(rank) : `${rank} <span class="soft">(${best}–${worst})</span>`, sort: rank }
}

function marginCell(row: ScoreRow, rows: readonly ScoreRow[]): Cell {
  const margin = marginOf(row, rows)
  if (!margin) return { html: '<span class="soft">–</span>', sort: -1e6 }
  const { difference, control, resolved } = margin
  const numbers = `<span class="number">${signed(difference.value)} <span class="soft">${ends(difference)}</span></span>`
  const verdict = resolved ? '' : ' <span class="badge warn">not resolved</span>'
  return { html: `${numbers} <span class="soft">from ${esc(control)}</span>${verdict}`, sort: difference.value }
}

/** One row per method, a column per architecture and form of the map; nothing where there is one form. */
function variantsTable(metric: string, rows: readonly ScoreRow[]): string {
  const variants = unique(rows.map(row => row.variant))
  if (variants.length < 2) return ''
  const architectures = unique(rows.map(row => row.architecture))
  const order = unique(rankRows(rows.filter(row => row.variant === mainVariant(rows))).map(({ row }) => nameOf(row)))
  const names = unique([...order, ...rows.map(nameOf)])
  const cell = (name: string, architecture: string, variant: string): Cell => {
    const row = rows.find(one => nameOf(one) === name && one.architecture === architecture && one.variant === variant)
    if (!row) return { html: '<span class="soft">–</span>', sort: -1e6 }
    return { html: `${score(row.score.value)}<small>${ends(row.score)}</small>`, sort: row.score.value }
  }
  return renderTable({
    caption: `<strong>Other forms of the map</strong>, ${esc(metricTitle(metric))}. Positive: values against the class count as nothing (the paper). Signed: they count against. Absolute: only size counts. 95% intervals below.`,
    groups: [{ label: '', span: 1 }, ...architectures.map(label => ({ label, span: variants.length }))],
    columns: [
      { label: 'Method' },
      ...architectures.flatMap(() => variants.map(label => ({ label: capital(label), numeric: true }))),
    ],
    rows: names.map(name => ({
      cells: [
        textCell(name),
        ...architectures.flatMap(architecture => variants.map(variant => cell(name, architecture, variant))),
      ],
      muted: rows.some(row => nameOf(row) === name && row.control),
    })),
  })
}
