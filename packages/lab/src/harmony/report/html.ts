/** @file The report of a harmony study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import { reportPage } from '../../bam/report/page.js'
import { type Cell, renderTable, textCell } from '../../bam/report/table.js'
import { lineChart } from '../../charts/index.js'
import type { HarmonyStudy, Interval } from '../result.js'
import { heatChart } from './heat.js'
import { number, type Statement, statementsOf } from './statements.js'

const more = `
.statements { margin: 0; padding: 0; list-style: none; }
.statements li { padding: 8px 0; border-bottom: 1px solid var(--line); }
.statements .soft { font-size: 13px; }
td small { display: block; }
`

const badges: Readonly<Record<Statement['verdict'], string>> = { holds: 'ok', 'does not hold': 'bad', 'not resolved': '' }

const intervalCell = ({ value, low, high }: Interval): Cell => ({
  html: `${number(value)}${Number.isFinite(low) ? `<small>[${number(low)}, ${number(high)}]</small>` : ''}`,
  sort: value,
})

interface Section {
  readonly id: string
  readonly title: string
  readonly body: string
}

const table = (caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<div class="wide">${renderTable({
    caption: esc(caption),
    columns: columns.map((label, i) => ({ label, numeric: i > 0 && rows.every(row => typeof row[i]?.sort === 'number') })),
    rows: rows.map(cells => ({ cells })),
  })}</div>`

const charts = (svgs: readonly string[]): string =>
  `<div class="charts">${svgs.map(svg => `<figure>${svg}</figure>`).join('\n')}</div>`

function modelSection({ models }: HarmonyStudy): Section {
  const rows = models.map(({ name, family, width, height, accuracy, architecture }) => [
    textCell(name),
    textCell(family),
    textCell(`${width} x ${height}`),
    { html: Number.isFinite(accuracy) ? `${(100 * accuracy).toFixed(1)}%` : '–', sort: accuracy },
    textCell(architecture.slice(0, 8)),
  ])
  const caption = 'Accuracy on the labelled pictures seen. Equal architectures are seeds of one: their transfer is the ceiling.'
  return { id: 'models', title: 'Models', body: table(caption, ['Model', 'Family', 'Input', 'Accuracy', 'Architecture'], rows) }
}

function transferSection({ transfer, models, preset }: HarmonyStudy): Section {
  const names = models.map(({ name }) => name)
  const main = transfer.tables.filter(({ fill, reading }) => fill === preset.fills[0] && reading === 'probability')
  const maps = main.map(({ method, matrix }) => heatChart({ title: `${method}, ${preset.fills[0]} fill`, names, matrix }))
  const groups = transfer.tables.flatMap(({ method, fill, reading, groups: own, contrast, detectable, n }) => [
    ...own.map(({ label, mean }) => [
      textCell(method),
      textCell(fill),
      textCell(reading),
      textCell(label),
      intervalCell(mean),
      textCell(`n = ${n}`),
    ]),
    ...(Number.isFinite(contrast.value)
      ? [
          [
            textCell(method),
            textCell(fill),
            textCell(reading),
            textCell('within minus across'),
            intervalCell(contrast),
            textCell(`n = ${n}, detectable ${number(detectable)}`),
          ],
        ]
      : []),
  ])
  return {
    id: 'transfer',
    title: 'Transfer',
    body:
      '<p class="intro soft">T = (s − s_rand) / (s_full − s_rand): 0 is a mask of the same shape elsewhere (another picture’s, moved), 1 the whole picture. ' +
      'Rows: the model that was explained; columns: the model that tests. Area over the shares kept.</p>' +
      charts(maps) +
      table(
        'Means over ordered pairs of different models. Within minus across: after main effects of generator and tester.',
        ['Method', 'Fill', 'Reading', 'Pairs', 'T', 'Note'],
        groups,
      ),
  }
}

function curveSection({ transfer, preset }: HarmonyStudy): Section {
  const drawn = preset.fills.map(fill =>
    lineChart({
      title: `Probability kept, ${fill} fill`,
      xLabel: 'share of the picture kept',
      yLabel: 'probability of the class',
      include: [0, 1],
      series: transfer.curves
        .filter(curve => curve.fill === fill)
        .map(({ label, values }) => ({ label, points: values.map((value, k) => [preset.fractions[k]!, value] as const) })),
    }),
  )
  const rows = transfer.rows.map(({ label, fill, reading, kept, removed }) => [
    textCell(label),
    textCell(fill),
    textCell(reading),
    intervalCell(kept),
    removed ? intervalCell(removed) : textCell('–'),
  ])
  const wrong = transfer.wrong.map(({ label, fill, kept }) => [textCell(label), textCell(fill), intervalCell(kept)])
  return {
    id: 'curves',
    title: 'Curves and controls',
    body:
      charts(drawn) +
      table(
        'Area under the curve, mean over pairs of different models (controls: over testers). Kept: higher is better; removed (the inverse mask): lower is.',
        ['Map', 'Fill', 'Reading', 'Kept', 'Removed'],
        rows,
      ) +
      table(
        'The map of the right class minus the map of a wrong one, both scored by the right class.',
        ['Map', 'Fill', 'Right minus wrong'],
        wrong,
      ),
  }
}

function harmonisedSection({ harmonised, models }: HarmonyStudy): Section {
  const gains = harmonised.gains.map(
    ({ method, harmoniser, chosen, rival, harmonised: ours, score, difference, detectable, n }) => [
      textCell(method),
      textCell(harmoniser),
      textCell(chosen),
      textCell(rival),
      { html: number(ours), sort: ours },
      { html: number(score), sort: score },
      intervalCell(difference),
      textCell(`n = ${n}, detectable ${number(detectable)}`),
    ],
  )
  const weights = harmonised.weights.map(({ method, tester, weights: own }) => [
    textCell(method),
    textCell(tester),
    ...own.map(value => ({ html: number(value), sort: value })),
  ])
  const body = harmonised.refused
    ? `<p class="empty">${esc(harmonised.refused)}</p>`
    : table(
        'Combined over all models but the tester, on the half of the pictures that chose nothing; area under the probability kept, mean over testers.',
        ['Method', 'Scheme', 'Scheme chosen', 'Rival', 'Harmonised', 'Rival’s', 'Difference', 'Note'],
        gains,
      ) +
      table(
        'Weights from measured transfer: of every model by the testers that are neither it nor the one left out.',
        ['Method', 'Tester left out', ...models.map(({ name }) => name)],
        weights,
      )
  return { id: 'harmonised', title: 'Harmonised maps', body }
}

function agreementSection({ agreement }: HarmonyStudy): Section {
  const measures = Object.keys(agreement.comparisons[0]?.means ?? {})
  const rows = agreement.comparisons.map(({ label, kind, means }) => [
    textCell(label),
    textCell(kind),
    ...measures.map(measure => intervalCell(means[measure]!)),
  ])
  const n = agreement.comparisons[0]?.n ?? 0
  const caption = `Which maps agree depends on the measure, so all stand side by side; n = ${n} pictures. Distance: lower is better.`
  return { id: 'agreement', title: 'Agreement', body: table(caption, ['Maps', 'Kind', ...measures], rows) }
}

function detectorSection({ detector }: HarmonyStudy): Section[] {
  if (detector.length === 0) return []
  const measures = Object.keys(detector[0]!.means)
  const rows = detector.map(({ label, means }) => [textCell(label), ...measures.map(measure => intervalCell(means[measure]!))])
  const body = table('A map read as a detector of the object, whose mask is known.', ['Map', ...measures], rows)
  return [{ id: 'detector', title: 'Feature detector', body }]
}

function leakSection({ leaks }: HarmonyStudy): Section {
  const rows = leaks.map(({ method, onto, fill, share }) => [
    textCell(method),
    textCell(onto),
    textCell(fill),
    intervalCell(share),
  ])
  const caption =
    'A picture’s mask (20% kept) put onto noise and onto a picture of another class: share of answers that are the class of the mask’s picture.'
  return { id: 'leaks', title: 'Masks alone', body: table(caption, ['Method', 'Onto', 'Fill', 'Share'], rows) }
}

function exampleSection({ examples }: HarmonyStudy): Section[] {
  if (examples.length === 0) return []
  const rows = examples.map(({ title, pictures }) => {
    const cells = pictures.map(
      ({ label, url }) =>
        `<figure><img alt="${esc(`${label}, ${title}`)}" src="${esc(url)}"><figcaption>${esc(label)}</figcaption></figure>`,
    )
    return `<div class="example"><h3>${esc(title)}</h3><div class="maps">${cells.join('')}</div></div>`
  })
  const columns = Math.max(...examples.map(({ pictures }) => pictures.length))
  const intro =
    '<p class="intro soft">Models across, methods down, the harmonised map last. Colours are scaled for each map on its own.</p>'
  return [{ id: 'maps', title: 'Maps', body: `${intro}<div class="wide" style="--columns:${columns}">${rows.join('\n')}</div>` }]
}

const reading: Section = {
  id: 'reading',
  title: 'How to read this page',
  body: `<p class="intro">Only pictures that every model answers correctly count. Each is made square, masked there, and then brought to every model’s own size and
scale: all see the same masked picture. A centre crop in a model’s own preprocessing is replaced by resizing, so that all see the whole of it.</p>
<p class="intro">The paper behind this study publishes neither its models nor its fractions, fills and metrics: those here are our choice. Intervals: 95%, bootstrap
clustered by source. Half of the pictures choose (rivals, sigma, weights, scheme); the other half is scored. Testers are as they are, not adapted to masks; a mask
may leak the class by its shape, which the table on masks alone measures.</p>`,
}

/** The page: equal studies give equal bytes. */
export function renderHarmonyReport(study: HarmonyStudy): string {
  const { preset, models, methods, pictures, seed, design, digest, left, failed } = study
  const sections = [
    modelSection(study),
    transferSection(study),
    curveSection(study),
    harmonisedSection(study),
    ...exampleSection(study),
    agreementSection(study),
    ...detectorSection(study),
    leakSection(study),
    reading,
  ]
  const facts = [
    `${models.length} models, ${methods.length} methods (${methods.map(({ label }) => label).join(', ')}), preset ${preset.name}`,
    `${study.data}: of ${study.seen} seen, ${study.jointly} are answered correctly by all models (${((100 * study.jointly) / study.seen).toFixed(1)}%); ${pictures.length} scored at ${study.size} x ${study.size}`,
    `seed ${seed}, plan ${design.slice(0, 16)}, results ${digest.slice(0, 16)}`,
  ]
  const warnings = [...left, ...(failed.length > 0 ? [`${failed.length} results failed; the same command tries them again`] : [])]
  const statements = statementsOf(study).map(
    ({ text, verdict, details }) =>
      `<li><span class="verdict">${esc(text)} <span class="badge ${badges[verdict]}">${esc(verdict)}</span></span>${details
        .map(line => `<div class="soft">${esc(line)}</div>`)
        .join('')}</li>`,
  )
  return reportPage({
    title: 'Harmony across models',
    facts: [...facts, ...warnings],
    header: `<nav aria-label="Contents">${sections.map(({ id, title }) => `<a href="#${id}">${esc(title)}</a>`).join('')}</nav>`,
    body: `<section id="statements"><h2>What holds</h2><ul class="statements">${statements.join('')}</ul></section>
${sections.map(({ id, title, body }) => `<section id="${id}"><h2>${esc(title)}</h2>${body}</section>`).join('\n')}`,
    style: more,
  })
}

/** What the study found in few lines, for the terminal. */
export const harmonyLines = (study: HarmonyStudy): string[] =>
  statementsOf(study).flatMap(({ text, verdict, details }) => [`${verdict}: ${text}`, ...details.map(line => `  ${line}`)])
