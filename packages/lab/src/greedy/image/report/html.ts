/** @file The report of an image study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import { reportPage } from '../../../bam/report/page.js'
import { type Cell, renderTable } from '../../../bam/report/table.js'
import type { ImageReport, ReportCell, ReportTable, Statement } from './data.js'

const more = `
tbody th { min-width: 190px; }
thead th, thead th.n { max-width: 130px; white-space: normal; }
td small, th small { display: block; font-size: 12px; font-weight: 400; color: var(--soft); }
.warnings { margin: 14px 0 0; padding: 0; list-style: none; }
.warnings li { background: var(--warn-back); color: var(--warn); border-radius: 6px; padding: 6px 12px; margin-top: 6px; font-size: 14px; }
.statements { margin: 0; padding: 0; list-style: none; }
.statements li { padding: 8px 0; border-bottom: 1px solid var(--line); }
.statements .soft { font-size: 13px; }
td .badge { font-size: 11.5px; padding: 0 7px; margin-left: 6px; }
`

const badges: Readonly<Record<string, string>> = {
  holds: 'ok',
  better: 'ok',
  'does not hold': 'bad',
  worse: 'bad',
  'not resolved': '',
}

const badge = (verdict: string): string => `<span class="badge ${badges[verdict] ?? ''}">${esc(verdict)}</span>`

/**
 * The page. It depends on its argument alone: equal reports give equal bytes. Every text is escaped; figures' SVG goes in as it is;
 * a content security policy forbids everything but the page's own style, data: pictures and the script that sorts tables.
 */
export function renderImageReport(report: ImageReport): string {
  const links: [string, string][] = [
    ['statements', 'What holds'],
    ['curves', 'Curves'],
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
<section id="curves"><h2>Curves</h2><div class="charts">${report.figures
      .map(
        ({ title, caption, svg }) => `<figure aria-label="${esc(title)}">${svg}<figcaption>${esc(caption)}</figcaption></figure>`,
      )
      .join('\n')}</div></section>
${maps(report)}
${report.tables.map(table).join('\n')}
${reading}`,
    style: more,
  })
}

const statement = ({ text, verdict, details }: Statement): string =>
  `<li><span class="verdict">${esc(text)} ${badge(verdict)}</span>${details.map(line => `<div class="soft">${esc(line)}</div>`).join('')}</li>`

function table({ id, title, caption, columns, rows }: ReportTable): string {
  const numeric = (i: number): boolean => i > 0 && rows.length > 0 && rows.every(({ cells }) => cells[i]?.sort !== undefined)
  const body = renderTable({
    caption: esc(caption),
    columns: columns.map((label, i) => ({ label, numeric: numeric(i) })),
    rows: rows.map(({ cells, muted }) => ({ cells: cells.map(cellOf), ...(muted && { muted }) })),
  })
  return `<section id="${esc(id)}"><h2>${esc(title)}</h2><div class="wide">${body}</div></section>`
}

const cellOf = ({ text, sort, notes = [], badge: verdict }: ReportCell): Cell => ({
  html: `${esc(text)}${verdict ? badge(verdict) : ''}${notes.map(note => `<small>${esc(note)}</small>`).join('')}`,
  ...(sort === undefined ? {} : { sort }),
})

function maps({ examples }: ImageReport): string {
  if (examples.length === 0) return ''
  const columns = Math.max(...examples.map(({ pictures }) => pictures.length))
  const rows = examples.map(({ title, pictures }) => {
    const cells = pictures.map(
      ({ label, url }) =>
        `<figure><img alt="${esc(`${label}, ${title}`)}" src="${esc(url)}"><figcaption>${esc(label)}</figcaption></figure>`,
    )
    return `<div class="example"><h3>${esc(title)}</h3><div class="maps">${cells.join('')}</div></div>`
  })
  return `<section id="maps"><h2>Maps</h2>
<p class="intro soft">The order of the features: bright comes first, dark last. Every method ranks the same superpixels.</p>
<div class="wide" style="--columns:${Math.min(columns, 8)}">${rows.join('\n')}</div></section>`
}

const reading = `<section id="reading"><h2>How to read this page</h2>
<p class="intro">Softmax AUC: features enter over the fill in a method's order, at 21 points from none to all; the area under the probability of the
class, higher is better. KL AUC: the area under the divergence of that prediction from the prediction for the whole picture, in nats, lower is
better. Neither takes a running maximum. The paper names both without defining them: these are our definitions. Insertion and deletion are the
area under the probability as features enter over, or give way to, the mean of each channel.</p>
<p class="intro">Every method has the same features, the same baseline where it takes one, and at most the same number of gradients. A feature's
score is the sum of a map's values inside it (for controls, which are no attributions, their mean); methods that select features one after
another give their own order. Equal scores go by index.</p>
<p class="intro">A score under the objective and the fill that were optimised is marked "training objective". A search lifts a wrong class too, and
masks may leak the class by their shape: the tables on wrong classes, shuffled weights and masks alone say by how much.</p></section>`
