/** @file The report of an image study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import {
  contents,
  exampleSection,
  partStyle,
  reportPage,
  statementsSection,
  tableSection,
  warningList,
} from '../../../report/index.js'
import type { ImageReport } from './data.js'

const more = `${partStyle}
tbody th { min-width: 190px; }
thead th, thead th.n { max-width: 130px; white-space: normal; }
`

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
    header: `${warningList(report.warnings)}
${contents(links)}`,
    body: `${statementsSection(report.statements)}
<section id="curves"><h2>Curves</h2><div class="charts">${report.figures
      .map(
        ({ title, caption, svg }) => `<figure aria-label="${esc(title)}">${svg}<figcaption>${esc(caption)}</figcaption></figure>`,
      )
      .join('\n')}</div></section>
${exampleSection(report.examples, 'The order of the features: bright comes first, dark last. Every method ranks the same superpixels.', 8)}
${report.tables.map(tableSection).join('\n')}
${reading}`,
    style: more,
  })
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
