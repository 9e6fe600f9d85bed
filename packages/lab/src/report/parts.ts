/** @file Parts that several studies' pages have: statements with their verdicts, warnings, tables, example maps, contents. */
import { escapeHtml as esc } from '@ascribe/core'
import type { ExampleRow, ReportCell, ReportTable, Statement } from './data.js'
import { type Cell, renderTable } from './table.js'

/** Style of these parts, beside the page's own. */
export const partStyle = `
.warnings { margin: 14px 0 0; padding: 0; list-style: none; }
.warnings li { background: var(--warn-back); color: var(--warn); border-radius: 6px; padding: 6px 12px; margin-top: 6px; font-size: 14px; }
.statements { margin: 0; padding: 0; list-style: none; }
.statements li { padding: 8px 0; border-bottom: 1px solid var(--line); }
.statements .soft { font-size: 13px; }
td small, th small { display: block; font-size: 12px; font-weight: 400; color: var(--soft); }
td .badge { font-size: 11.5px; padding: 0 7px; margin-left: 6px; }
.good { color: var(--ok); font-weight: 600; }
`

const badges: Readonly<Record<string, string>> = { holds: 'ok', better: 'ok', 'does not hold': 'bad', worse: 'bad' }

const badge = (verdict: string): string => `<span class="badge ${badges[verdict] ?? ''}">${esc(verdict)}</span>`

const statement = ({ text, verdict, details }: Statement): string =>
  `<li><span class="verdict">${esc(text)} ${badge(verdict)}</span>${details.map(line => `<div class="soft">${esc(line)}</div>`).join('')}</li>`

export const statementsSection = (statements: readonly Statement[]): string =>
  `<section id="statements"><h2>What holds</h2><ul class="statements">${statements.map(statement).join('')}</ul></section>`

export const warningList = (warnings: readonly string[]): string =>
  `<ul class="warnings">${warnings.map(text => `<li>${esc(text)}</li>`).join('')}</ul>`

/** Links to sections, as [id, label]. */
export const contents = (links: readonly (readonly [string, string])[]): string =>
  `<nav aria-label="Contents">${links.map(([id, label]) => `<a href="#${id}">${esc(label)}</a>`).join('')}</nav>`

const cellOf = ({ text, sort, notes = [], badge: verdict, good }: ReportCell): Cell => ({
  html: `${good ? `<span class="good">${esc(text)}</span>` : esc(text)}${verdict ? badge(verdict) : ''}${notes.map(note => `<small>${esc(note)}</small>`).join('')}`,
  ...(sort === undefined ? {} : { sort }),
})

export function tableSection({ id, title, caption, columns, rows }: ReportTable): string {
  const numeric = (i: number): boolean => i > 0 && rows.length > 0 && rows.every(({ cells }) => cells[i]?.sort !== undefined)
  const body = renderTable({
    caption: esc(caption),
    columns: columns.map((label, i) => ({ label, numeric: numeric(i) })),
    rows: rows.map(({ cells, muted }) => ({ cells: cells.map(cellOf), ...(muted && { muted }) })),
  })
  return `<section id="${esc(id)}"><h2>${esc(title)}</h2><div class="wide">${body}</div></section>`
}

/**
 * The grid of maps.
 * @param intro what the maps show
 * @param most pictures in one row of the grid
 */
export function exampleGrid(examples: readonly ExampleRow[], intro = '', most = Number.POSITIVE_INFINITY): string {
  const columns = Math.min(most, Math.max(...examples.map(({ pictures }) => pictures.length)))
  const rows = examples.map(({ title, pictures }) => {
    const cells = pictures.map(
      ({ label, url }) =>
        `<figure><img alt="${esc(`${label}, ${title}`)}" src="${esc(url)}"><figcaption>${esc(label)}</figcaption></figure>`,
    )
    return `<div class="example"><h3>${esc(title)}</h3><div class="maps">${cells.join('')}</div></div>`
  })
  const above = intro && `<p class="intro soft">${esc(intro)}</p>\n`
  return `${above}<div class="wide" style="--columns:${columns}">${rows.join('\n')}</div>`
}

/** Empty without examples. */
export const exampleSection = (examples: readonly ExampleRow[], intro?: string, most?: number): string =>
  examples.length === 0 ? '' : `<section id="maps"><h2>Maps</h2>${exampleGrid(examples, intro, most)}</section>`
