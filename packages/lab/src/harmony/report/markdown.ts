/** @file The main tables of a harmony study as Markdown, for pages that quote them. */
import { mean } from '../../statistics/index.js'
import type { HarmonyStudy, Interval } from '../result.js'
import { mainTables, number, statementsOf } from './statements.js'

const cell = ({ value, low, high }: Interval): string =>
  Number.isFinite(value) ? `${number(value)}${Number.isFinite(low) ? ` [${number(low)}, ${number(high)}]` : ''}` : '–'

const share = (value: number | undefined): string =>
  value !== undefined && Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : '–'

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  [columns, columns.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')

function modelTable({ models }: HarmonyStudy): string {
  return table(
    ['model', 'family', 'accuracy', 'twin’s accuracy', 'twin agrees', 'tests'],
    models.map(({ name, family, accuracy, twin, tests }) => [
      name,
      family,
      share(accuracy),
      share(twin?.accuracy),
      share(twin?.agreement),
      tests ? 'yes' : 'no: a seed',
    ]),
  )
}

function transferTable(study: HarmonyStudy): string {
  const tables = mainTables(study)
  const labels = [...new Set(tables.flatMap(({ groups }) => groups.map(({ label }) => label)))]
  return table(
    ['method', ...labels, 'contrast', 'p (Holm)', 'detectable', 'n'],
    tables.map(({ method, groups, contrast, adjusted, detectable, n }) => [
      method,
      ...labels.map(label => {
        const found = groups.find(group => group.label === label)
        return found ? cell(found.mean) : '–'
      }),
      cell(contrast),
      number(adjusted),
      number(detectable),
      String(n),
    ]),
  )
}

/** Within and across by fill: one number each. */
function fillTable({ transfer, preset, methods }: HarmonyStudy): string {
  const { testers } = transfer.tables[0]!
  const at = (method: string, fill: string): string => {
    const found = transfer.tables.find(
      one => one.method === method && one.fill === fill && one.reading === 'probability' && one.testers === testers,
    )
    const of = (label: string): string => number(found?.groups.find(group => group.label === label)?.mean.value ?? Number.NaN)
    return `${of('within families')} / ${of('across families')}`
  }
  return table(
    ['method', ...preset.fills],
    methods.map(({ label }) => [label, ...preset.fills.map(fill => at(label, fill))]),
  )
}

function areaTable({ transfer, preset }: HarmonyStudy): string {
  const labels = [...new Set(transfer.rows.map(({ label }) => label))]
  const at = (label: string, fill: string): string => {
    const found = transfer.rows.find(one => one.label === label && one.fill === fill && one.reading === 'probability')
    return found ? cell(found.kept) : '–'
  }
  return table(
    ['map', ...preset.fills],
    labels.map(label => [label, ...preset.fills.map(fill => at(label, fill))]),
  )
}

function spoiledTable({ transfer }: HarmonyStudy): string {
  const fills = [...new Set(transfer.spoiled.map(({ fill }) => fill))]
  const kinds = [...new Set(transfer.spoiled.map(({ spoiled }) => spoiled))]
  const methods = [...new Set(transfer.spoiled.map(({ method }) => method))]
  return table(
    ['method', ...kinds.flatMap(kind => fills.map(fill => `minus ${kind}, ${fill}`)), 'n'],
    methods.map(method => {
      const own = transfer.spoiled.filter(one => one.method === method)
      return [method, ...own.map(({ difference }) => cell(difference)), String(own[0]!.n)]
    }),
  )
}

function gainTable({ harmonised }: HarmonyStudy): string {
  return table(
    [
      'method',
      'scheme',
      'over the best single map',
      'p (Holm)',
      'least gain',
      'over',
      'p (Holm)',
      'n',
      'detectable',
      'fills in which all are beaten',
    ],
    harmonised.verdicts.map(({ method, chosen, single, singleAdjusted, least, adjusted, fills }) => [
      method,
      chosen === 'in advance' ? `in advance: ${least.harmoniser}` : `cross-fitted: ${least.harmoniser}`,
      cell(single.difference),
      number(singleAdjusted),
      cell(least.difference),
      least.rival,
      number(adjusted),
      String(least.n),
      number(least.detectable),
      fills.join(', ') || 'none',
    ]),
  )
}

function consistencyTable({ agreement }: HarmonyStudy): string {
  return table(
    ['method', 'measure', 'harmonised minus single', 'p (Holm)', 'n'],
    agreement.consistency.map(({ method, measure, difference, adjusted, n }) => [
      method,
      measure,
      cell(difference),
      number(adjusted),
      String(n),
    ]),
  )
}

function agreementTable({ agreement, methods }: HarmonyStudy): string {
  const kinds = ['between models', 'between seeds'] as const
  const measures = Object.keys(agreement.comparisons[0]?.means ?? {})
  return table(
    ['method', 'pairs', ...measures],
    methods.flatMap(({ label }) =>
      kinds.flatMap(kind => {
        const own = agreement.comparisons.filter(one => one.kind === kind && one.label.startsWith(`${label}: `))
        if (own.length === 0) return []
        return [[label, kind, ...measures.map(measure => number(mean(own.map(({ means }) => means[measure]!.value))))]]
      }),
    ),
  )
}

/** Of each method the mean over its models, and the harmonised map. */
function detectorTable({ detector, methods }: HarmonyStudy): string {
  const measures = Object.keys(detector[0]?.means ?? {})
  const rows = methods.flatMap(({ label }) => {
    const own = detector.filter(row => row.label.startsWith(`${label}, `))
    const harmonised = own.find(row => row.label.endsWith('harmonised over all models'))
    const single = own.filter(row => row !== harmonised)
    return [
      [`${label}, mean over models`, ...measures.map(measure => number(mean(single.map(({ means }) => means[measure]!.value))))],
      ...(harmonised ? [[`${label}, harmonised`, ...measures.map(measure => cell(harmonised.means[measure]!))]] : []),
    ]
  })
  const controls = detector.filter(({ control }) => control)
  return table(
    ['map', ...measures],
    [...rows, ...controls.map(({ label, means }) => [label, ...measures.map(measure => cell(means[measure]!))])],
  )
}

function leakTable({ leaks, preset }: HarmonyStudy): string {
  const rows = new Map<string, string[]>()
  for (const { method, onto, share: value } of leaks) {
    const key = `${method}, onto ${onto}`
    rows.set(key, [...(rows.get(key) ?? []), cell(value)])
  }
  return table(
    ['mask', ...preset.fills],
    [...rows].map(([label, cells]) => [label, ...cells]),
  )
}

export function harmonyMarkdown(study: HarmonyStudy): string {
  const { models, methods, preset, data, seen, jointly, pictures, size, seed, design, digest, left } = study
  const sections: [string, string][] = [
    ['Models', modelTable(study)],
    [`Transfer T, ${preset.fills[0]} fill, probability kept`, transferTable(study)],
    ['Transfer T by fill: within / across families', fillTable(study)],
    ['Area under the probability kept, mean over pairs of different models (controls: over testers)', areaTable(study)],
    ['Right class on trained weights minus spoiled maps', spoiledTable(study)],
    ...(study.harmonised.refused ? [] : [['Gain of the harmonised map, mean over fills', gainTable(study)] as [string, string]]),
    ...(study.agreement.consistency.length > 0 ? [['Consistency', consistencyTable(study)] as [string, string]] : []),
    ['Agreement of single maps', agreementTable(study)],
    ...(study.detector.length > 0 ? [['Feature detector', detectorTable(study)] as [string, string]] : []),
    ['Masks alone: share of answers that are the class of the mask’s picture', leakTable(study)],
  ]
  const statements = statementsOf(study).map(({ text, verdict }) => `- **${verdict}**: ${text}`)
  return `# Harmony across models

${models.length} models, ${methods.length} methods, preset ${preset.name}; ${data}. Of ${seen} pictures seen, ${jointly} are answered correctly by all models and twins (${share(jointly / seen)}); ${pictures.length} scored at ${size} x ${size}.
Seed ${seed}, plan ${design.slice(0, 16)}, results ${digest.slice(0, 16)}.
${left.map(line => `\n${line}\n`).join('')}
${statements.join('\n')}

${sections.map(([title, body]) => `## ${title}\n\n${body}`).join('\n\n')}
`
}
