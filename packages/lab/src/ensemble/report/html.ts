/** @file The report of an ensemble study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import { reportPage } from '../../bam/report/page.js'
import { renderTable } from '../../bam/report/table.js'
import type { EnsembleReport, EnsembleStatement, ReportCell, ReportTable } from './data.js'

const more = `
td small, th small { display: block; font-size: 12px; font-weight: 400; color: var(--soft); min-width: 110px; white-space: normal; }
td.n { white-space: nowrap; }
.warnings { margin: 14px 0 0; padding: 0; list-style: none; }
.warnings li { background: var(--warn-back); color: var(--warn); border-radius: 6px; padding: 6px 12px; margin-top: 6px; font-size: 14px; }
.statements { margin: 0; padding: 0; list-style: none; }
.statements li { padding: 8px 0; border-bottom: 1px solid var(--line); }
.statements .soft { font-size: 13px; }
.good { color: var(--ok); font-weight: 600; }
#ranks svg.chart { max-width: 860px; }
`

const badges: Readonly<Record<EnsembleStatement['verdict'], string>> = { holds: 'ok', 'does not hold': 'bad', 'not resolved': '' }

/** Depends on its argument alone. Every text is escaped; the figure's SVG goes in as it is. */
export function renderEnsembleReport(report: EnsembleReport): string {
  const links: [string, string][] = [
    ['statements', 'What holds'],
    ['ranks', 'Ranks'],
    ...(report.examples.length > 0 ? [['maps', 'Maps'] as [string, string]] : []),
    ...report.tables.map(({ id, title }): [string, string] => [id, title]),
    ['reading', 'How to read this page'],
  ]
  return reportPage({
    title: report.title,
    facts: report.facts,
    header: `<ul class="warnings">${report.warnings.map(text => `<li>${esc(text)}</li>`).join('')}</ul>
<nav aria-label="Contents">${links.map(([id, label]) => `<a href="#${id}">${esc(label)}</a>`).join('')}</nav>`,
    body: `<section id="statements"><h2>What holds</h2><ul class="statements">${report.statements.map(statement).join('')}</ul></section>
<section id="ranks"><h2>Ranks</h2><figure>${report.ranking}<figcaption>Ranks of every picture on the four curves, averaged. Pairs are told apart by a
paired bootstrap clustered by source with Holm’s correction over all pairs, at 5%. Members are grey.</figcaption></figure></section>
${maps(report)}
${report.tables.map(table).join('\n')}
${reading}`,
    style: more,
  })
}

const statement = ({ text, verdict, details }: EnsembleStatement): string =>
  `<li><span class="verdict">${esc(text)} <span class="badge ${badges[verdict]}">${esc(verdict)}</span></span>${details.map(line => `<div class="soft">${esc(line)}</div>`).join('')}</li>`

function table({ id, title, caption, columns, rows }: ReportTable): string {
  const numeric = (i: number): boolean => i > 0 && rows.length > 0 && rows.every(({ cells }) => cells[i]?.sort !== undefined)
  const body = renderTable({
    caption: esc(caption),
    columns: columns.map((label, i) => ({ label, numeric: numeric(i) })),
    rows: rows.map(({ cells, muted }) => ({ cells: cells.map(cellOf), ...(muted && { muted }) })),
  })
  return `<section id="${esc(id)}"><h2>${esc(title)}</h2><div class="wide">${body}</div></section>`
}

const cellOf = ({ text, sort, note, good }: ReportCell) => ({
  html: `${good ? `<span class="good">${esc(text)}</span>` : esc(text)}${note ? `<small>${esc(note)}</small>` : ''}`,
  ...(sort === undefined ? {} : { sort }),
})

function maps({ examples }: EnsembleReport): string {
  if (examples.length === 0) return ''
  const columns = Math.max(...examples.map(({ pictures }) => pictures.length))
  const rows = examples.map(({ title, pictures }) => {
    const cells = pictures.map(
      ({ label, url }) =>
        `<figure><img alt="${esc(`${label}, ${title}`)}" src="${esc(url)}"><figcaption>${esc(label)}</figcaption></figure>`,
    )
    return `<div class="example"><h3>${esc(title)}</h3><div class="maps">${cells.join('')}</div></div>`
  })
  return `<section id="maps"><h2>Maps</h2><div class="wide" style="--columns:${Math.min(columns, 10)}">${rows.join('\n')}</div></section>`
}

const reading = `<section id="reading"><h2>How to read this page</h2>
<p class="intro">Insertion and deletion are areas under the probability of the class as pixels enter over, or give way to, the blurred picture and the
mean of each channel. IROF removes superpixels towards the mean. Infidelity removes random regions towards the blurred picture; maps are first
multiplied by the factor of at least 0 that suits them best. No member sees these fills, and weights are learned over noise.</p>
<p class="intro">The paper that proposed the Bayesian-optimisation schemes published neither its settings nor its metrics: all settings here are our
choice. A member counts twice, with its signs and without: an ensemble that beats every member beats both.</p></section>`
