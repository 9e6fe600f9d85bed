/** @file Maps in the page: harmonised ones against their rivals, agreement, maps as detectors of the object. */
import { escapeHtml as esc } from '@ascribe/core'
import { type Cell, textCell } from '../../report/index.js'
import type { HarmonyStudy, Interval } from '../result.js'
import { intervalCell, type Section, table } from './cells.js'
import { intervalText, number } from './statements.js'

export function harmonisedSection({ harmonised, testers }: HarmonyStudy): Section {
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

export function agreementSection({ agreement }: HarmonyStudy): Section {
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

export function detectorSection({ detector }: HarmonyStudy): Section[] {
  if (detector.length === 0) return []
  const measures = Object.keys(detector[0]!.means)
  const rows = detector.map(({ label, means }) => [textCell(label), ...measures.map(measure => intervalCell(means[measure]!))])
  const body = table('A map read as a detector of the object, whose mask is known.', ['Map', ...measures], rows)
  return [{ id: 'detector', title: 'Feature detector', body }]
}
