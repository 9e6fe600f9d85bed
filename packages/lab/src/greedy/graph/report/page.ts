/** @file The report as one self-contained HTML page. */
import { escapeHtml as esc } from '@ascribe/core'
import { style } from '../../../bam/report/style.js'
import { renderTable, sortScript, sortScriptHash, textCell } from '../../../bam/report/table.js'

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${sortScriptHash}'">
<title>${esc(title)}</title>
<style>
${style}
</style>
</head>
<body>
<main>
<header>
<h1>${esc(title)}</h1>
<ul class="facts">${facts.map(fact => `<li>${esc(fact)}</li>`).join('')}</ul>
</header>
<section><h2>Greedy PIG against integrated gradients and saliency</h2>${list(findings)}</section>
${parts.join('\n')}
${failures.length > 0 ? `<section><h2>Failures</h2>${list(failures)}</section>` : ''}
<footer>The same numbers lie beside this page in report.json.</footer>
</main>
<script>${sortScript}</script>
</body>
</html>
`
}
