/** @file The report of a harmony study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import { reportPage } from '../../bam/report/page.js'
import { type Cell, renderTable, textCell } from '../../bam/report/table.js'
import { lineChart } from '../../charts/index.js'
import type { HarmonyStudy, Interval, Reading } from '../result.js'
import { heatChart } from './heat.js'
import { mainTables, number, type Statement, statementsOf } from './statements.js'

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

const share = (value: number): Cell => ({
  html: Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : '–',
  sort: value,
})

function modelSection({ models }: HarmonyStudy): Section {
  const rows = models.map(({ name, family, width, height, accuracy, architecture, tests, twin }) => [
    textCell(name),
    textCell(family),
    textCell(`${width} x ${height}`),
    share(accuracy),
    textCell(tests ? (twin ? 'its twin' : 'yes') : 'no: a seed'),
    share(twin?.accuracy ?? Number.NaN),
    share(twin?.agreement ?? Number.NaN),
    textCell(architecture.slice(0, 8)),
  ])
  const caption =
    'Accuracy on the labelled pictures seen. Equal architectures are seeds of one: their transfer is the ceiling. A twin is the model fine-tuned on masked pictures; ' +
    'it tests in the model’s place, and should answer whole pictures as the model does on 98% or more.'
  const columns = ['Model', 'Family', 'Input', 'Accuracy', 'Tests', 'Twin’s accuracy', 'Twin agrees', 'Architecture']
  return { id: 'models', title: 'Models', body: table(caption, columns, rows) }
}

const intervalText = ({ value, low, high }: Interval): string =>
  `${number(value)}${Number.isFinite(low) ? ` [${number(low)}, ${number(high)}]` : ''}`

function transferSection(study: HarmonyStudy): Section {
  const { transfer, testers: names, preset } = study
  const maps = mainTables(study).map(({ method, matrix, testers, n }) =>
    heatChart({ title: `${method}, ${preset.fills[0]} fill, ${testers} test, n = ${n}`, names, matrix }),
  )
  const labels = [...new Set(transfer.tables.flatMap(({ groups }) => groups.map(({ label }) => label)))]
  const rowsOf = (tables: typeof transfer.tables) =>
    tables.map(({ method, fill, reading, testers, groups, contrast, adjusted, detectable, ceiling, n }) => [
      textCell(method),
      textCell(fill),
      textCell(reading),
      textCell(testers),
      ...labels.map(label => {
        const found = groups.find(group => group.label === label)
        return found ? intervalCell(found.mean) : textCell('–')
      }),
      Number.isFinite(ceiling.value) ? intervalCell(ceiling) : textCell('–'),
      Number.isFinite(contrast.value) ? intervalCell(contrast) : textCell('–'),
      { html: number(adjusted), sort: adjusted },
      { html: number(detectable), sort: detectable },
      { html: String(n), sort: n },
    ])
  const columns = ['Method', 'Fill', 'Reading', 'Testers', ...labels, 'Above others', 'Contrast', 'p', 'Detectable', 'n']
  const shown = transfer.tables.filter(
    ({ reading, testers }) => reading === 'probability' && testers === transfer.tables[0]!.testers,
  )
  const rest = transfer.tables.filter(one => !shown.includes(one))
  return {
    id: 'transfer',
    title: 'Transfer',
    body:
      '<p class="intro soft">T = (s − s_rand) / (s_full − s_rand): 0 is a mask of the same shape elsewhere (another picture’s, moved), 1 the whole picture. ' +
      'Rows: the model that was explained; columns: the model that tests. Area over the shares kept.</p>' +
      charts(maps) +
      table(
        'Means of T over ordered pairs of different models. Above others: another seed of the tester’s architecture minus other architectures, the same testers. Contrast: within minus across families after main effects of generator and tester; p after Holm over methods; differences smaller than the detectable one read “not resolved”.',
        columns,
        rowsOf(shown),
      ) +
      `<details><summary>Top-1 agreement, and the models as their own testers</summary>${table('The same.', columns, rowsOf(rest))}</details>`,
  }
}

function curveSection({ transfer, preset, methods, pictures }: HarmonyStudy): Section {
  const explained = new Set(methods.map(({ label }) => label))
  const drawn = preset.fills.flatMap(fill =>
    [true, false].map(real =>
      lineChart({
        title: `Probability kept, ${fill} fill: ${real ? 'methods' : 'controls'}`,
        xLabel: 'share of the picture kept',
        yLabel: 'probability of the class',
        include: [0, 1],
        series: transfer.curves
          .filter(curve => curve.fill === fill && explained.has(curve.label) === real)
          .map(({ label, values }) => ({ label, points: values.map((value, k) => [preset.fractions[k]!, value] as const) })),
      }),
    ),
  )
  const rowsOf = (wanted: Reading) =>
    transfer.rows
      .filter(row => row.reading === wanted)
      .map(({ label, fill, reading, kept, removed }) => [
        textCell(label),
        textCell(fill),
        textCell(reading),
        intervalCell(kept),
        removed ? intervalCell(removed) : textCell('–'),
      ])
  const spoiled = transfer.spoiled.map(({ method, spoiled: what, fill, difference, n }) => [
    textCell(method),
    textCell(what),
    textCell(fill),
    intervalCell(difference),
    { html: String(n), sort: n },
  ])
  const columns = ['Map', 'Fill', 'Reading', 'Kept', 'Removed']
  return {
    id: 'curves',
    title: 'Curves and controls',
    body:
      charts(drawn) +
      table(
        `Area under the curve, mean over pairs of different models (controls: over testers), n = ${pictures.length}. Kept: higher is better; removed (the inverse mask, n = ${Math.min(preset.controls, pictures.length)}): lower is.`,
        columns,
        rowsOf('probability'),
      ) +
      `<details><summary>Top-1 agreement</summary>${table('The same, of answers that are the class.', columns, rowsOf('top-1'))}</details>` +
      table(
        'The map of the right class on the trained model minus that of a wrong class, or of the model with its weights shuffled; all scored by the right class, mean over pairs of different models.',
        ['Map', 'Minus', 'Fill', 'Difference', 'n'],
        spoiled,
      ),
  }
}

function harmonisedSection({ harmonised, testers }: HarmonyStudy): Section {
  const verdicts = harmonised.verdicts.map(({ method, chosen, single, singleAdjusted, least, adjusted, fills, beatsAll }) => [
    textCell(method),
    textCell(chosen),
    textCell(least.harmoniser),
    intervalCell(single.difference),
    { html: number(singleAdjusted), sort: singleAdjusted },
    { html: `${intervalText(least.difference)}<small>${esc(least.rival)}</small>`, sort: least.difference.value },
    { html: number(adjusted), sort: adjusted },
    textCell(fills.join(', ') || 'none'),
    textCell(beatsAll ? 'yes' : 'no'),
  ])
  const gains = harmonised.gains.map(
    ({ method, harmoniser, chosen, rival, fill, harmonised: ours, score, difference, detectable, n }) => [
      textCell(method),
      textCell(harmoniser),
      textCell(chosen),
      textCell(rival),
      textCell(fill),
      { html: number(ours), sort: ours },
      { html: number(score), sort: score },
      intervalCell(difference),
      { html: number(detectable), sort: detectable },
      { html: String(n), sort: n },
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
        'Gain of the harmonised map over all models but the tester: over the best single model’s map, and over that rival which leaves the least; area under the probability kept, mean over testers and fills; p after Holm over methods.',
        [
          'Method',
          'Scheme chosen',
          'Scheme',
          'Over best single',
          'p',
          'Least gain',
          'p',
          'Fills in which all are beaten',
          'All beaten',
        ],
        verdicts,
      ) +
      `<details><summary>Every gain, by rival and fill</summary>${table(
        'Rivals and schemes were chosen on the other folds. Listed: every scheme against the best single map.',
        ['Method', 'Scheme', 'Scheme chosen', 'Rival', 'Fill', 'Harmonised', 'Rival’s', 'Difference', 'Detectable', 'n'],
        gains,
      )}</details>` +
      table(
        'Weights from measured transfer: of every model by the testers that are neither it nor the one left out; mean over folds.',
        ['Method', 'Tester left out', ...testers],
        weights,
      )
  return { id: 'harmonised', title: 'Harmonised maps', body }
}

function agreementSection({ agreement }: HarmonyStudy): Section {
  const measures = Object.keys(agreement.comparisons[0]?.means ?? {})
  const cells = (means: Readonly<Record<string, Interval>>): Cell[] =>
    measures.map(measure => (means[measure] ? intervalCell(means[measure]) : textCell('–')))
  const rows = agreement.comparisons.map(({ label, kind, means, n }) => [
    textCell(label),
    textCell(kind),
    ...cells(means),
    { html: String(n), sort: n },
  ])
  const kinds = [...new Set(agreement.comparisons.map(({ kind }) => kind))].filter(kind => kind !== 'consistency')
  const methods = [...new Set(agreement.comparisons.map(({ label }) => label.split(': ')[0]!))]
  const summary = kinds
    .filter(kind => kind !== 'between methods')
    .flatMap(kind =>
      methods.flatMap(method => {
        const own = agreement.comparisons.filter(one => one.kind === kind && one.label.startsWith(`${method}: `))
        if (own.length === 0) return []
        const mean = (measure: string): number => own.reduce((sum, { means }) => sum + means[measure]!.value, 0) / own.length
        return [
          [textCell(method), textCell(kind), ...measures.map(measure => ({ html: number(mean(measure)), sort: mean(measure) }))],
        ]
      }),
    )
  const body =
    table(
      'Which maps agree depends on the measure, so all stand side by side. Distance: lower is better.',
      ['Method', 'Kind', ...measures],
      summary,
    ) +
    `<details><summary>Every pair, and consistency</summary>${table('Means with intervals over pictures.', ['Maps', 'Kind', ...measures, 'n'], rows)}</details>`
  return { id: 'agreement', title: 'Agreement', body }
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
clustered by source. Whatever was chosen for a picture (best single model, sigma, seeds, weights, scheme) was chosen on the other folds. Mask-adapted twins test
where there are some, and the models themselves beside them; a mask may leak the class by its shape, which the table on masks alone measures.</p>
<p class="intro">Kemeny’s order is not among the harmonisers: it takes 1,000 places at most, and a map of 64 x 64 has 4,096.</p>`,
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
