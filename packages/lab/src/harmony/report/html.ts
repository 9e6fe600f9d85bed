/** @file The report of a harmony study as one self-contained HTML page: no network, pictures inside, readable without script. */
import { escapeHtml as esc } from '@ascribe/core'
import { contents, exampleGrid, partStyle, reportPage, statementsSection, textCell } from '../../report/index.js'
import type { HarmonyStudy } from '../result.js'
import { type Section, share, table } from './cells.js'
import { agreementSection, detectorSection, harmonisedSection } from './map-sections.js'
import { statementsOf } from './statements.js'
import { curveSection, leakSection, transferSection } from './transfer-sections.js'

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

function exampleSection({ examples }: HarmonyStudy): Section[] {
  if (examples.length === 0) return []
  const intro = 'Models across, methods down, the harmonised map last. Colours are scaled for each map on its own.'
  return [{ id: 'maps', title: 'Maps', body: exampleGrid(examples, intro) }]
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
  return reportPage({
    title: 'Harmony across models',
    facts: [...facts, ...warnings],
    header: contents(sections.map(({ id, title }) => [id, title])),
    body: `${statementsSection(statementsOf(study))}
${sections.map(({ id, title, body }) => `<section id="${id}"><h2>${esc(title)}</h2>${body}</section>`).join('\n')}`,
    style: partStyle,
  })
}

/** What the study found in few lines, for the terminal. */
export const harmonyLines = (study: HarmonyStudy): string[] =>
  statementsOf(study).flatMap(({ text, verdict, details }) => [`${verdict}: ${text}`, ...details.map(line => `  ${line}`)])
