/** @file The report of an ensemble study as one self-contained HTML page: no network, pictures inside, readable without script. */
import {
  contents,
  exampleSection,
  partStyle,
  reportPage,
  statementsSection,
  tableSection,
  warningList,
} from '../../report/index.js'
import type { EnsembleReport } from './data.js'

const more = `${partStyle}
td small, th small { min-width: 110px; white-space: normal; }
td.n { white-space: nowrap; }
#ranks svg.chart { max-width: 860px; }
`

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
    header: `${warningList(report.warnings)}
${contents(links)}`,
    body: `${statementsSection(report.statements)}
<section id="ranks"><h2>Ranks</h2><figure>${report.ranking}<figcaption>Ranks of every picture on the four curves, averaged. Pairs are told apart by a
paired bootstrap clustered by source with Holm’s correction over all pairs, at 5%. Members are grey.</figcaption></figure></section>
${exampleSection(report.examples, undefined, 12)}
${report.tables.map(tableSection).join('\n')}
${reading}`,
    style: more,
  })
}

const reading = `<section id="reading"><h2>How to read this page</h2>
<p class="intro">Insertion and deletion are areas under the probability of the class as pixels enter over, or give way to, the blurred picture and the
mean of each channel. IROF removes superpixels towards the mean. Infidelity removes random regions towards the blurred picture; maps are first
multiplied by the factor of at least 0 that suits them best. No member sees these fills, and weights are learned over noise.</p>
<p class="intro">The paper that proposed the Bayesian-optimisation schemes published neither its settings nor its metrics: all settings here are our
choice. A member counts twice, with its signs and without: an ensemble that beats every member beats both.</p></section>`
