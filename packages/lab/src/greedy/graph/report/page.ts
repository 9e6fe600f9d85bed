/** @file The report as one self-contained HTML page. */
import { escapeHtml as esc } from '@ascribe/core'
import { renderTable, reportPage, textCell } from '../../../report/index.js'

export interface PageTable {
  readonly title: string
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly cells: readonly string[]; readonly muted: boolean }[]
}

export interface GraphPage {
  readonly title: string
  /** Lines under the title. */
  readonly facts: readonly string[]
  /** How the study's question is answered. */
  readonly findings: readonly string[]
  readonly sections: readonly {
    readonly title: string
    readonly introduction: string
    /** SVG. */
    readonly figures: readonly string[]
    readonly tables: readonly PageTable[]
  }[]
  readonly failures: readonly string[]
}

/** A cell sorts by the number that it begins with. */
function cellOf(text: string) {
  const number = /^[−-]?\d+(\.\d+)?/.exec(text)
  return { ...textCell(text), ...(number ? { sort: Number(number[0].replace('−', '-')) } : {}) }
}

const table = ({ title, caption, columns, rows }: PageTable): string =>
  renderTable({
    caption: `<strong>${esc(title)}</strong>. ${esc(caption)}`,
    columns: columns.map((label, i) => ({ label, numeric: i > 0 })),
    rows: rows.map(({ cells, muted }) => ({ muted, cells: cells.map(cellOf) })),
  })

const list = (lines: readonly string[]): string => `<ul>${lines.map(line => `<li>${esc(line)}</li>`).join('')}</ul>`

/** The page. Equal reports give equal bytes; every text is escaped, figures go in as they are. */
export function renderGraphPage({ title, facts, findings, sections, failures }: GraphPage): string {
  const parts = sections.map(
    section => `<section><h2>${esc(section.title)}</h2><p class="intro">${esc(section.introduction)}</p>
<div class="charts">${section.figures.map(svg => `<figure>${svg}</figure>`).join('\n')}</div>
${section.tables.map(table).join('\n')}</section>`,
  )
  return reportPage({
    title,
    facts,
    body: `<section><h2>Greedy PIG against integrated gradients and saliency</h2>${list(findings)}</section>
${parts.join('\n')}
${failures.length > 0 ? `<section><h2>Failures</h2>${list(failures)}</section>` : ''}`,
  })
}
