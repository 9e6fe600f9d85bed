/** @file The report's data from the record and the pictures. */
import { type ReportData, type ReportEntry, type ReportResult, residualTolerance } from '@ascribe/core'
import { version } from '../version.js'
import type { Drawing } from './draw.js'
import type { ExplanationRecord, InputRecord, ResultRecord } from './record.js'

/** Pictures by `input/method label/tensor`, and `input` for what the model saw. */
export interface Gallery {
  readonly seen: ReadonlyMap<string, Uint8Array>
  readonly drawings: ReadonlyMap<string, Drawing>
}

export const drawingKey = (input: string, label: string, tensor: string): string => JSON.stringify([input, label, tensor])

export function reportData(record: ExplanationRecord, gallery: Gallery, warnings: readonly string[]): ReportData {
  const { settings } = record
  const facts: Record<string, string | number> = {}
  for (const name of ['device', 'seed', 'preprocessing'])
    if (settings[name] !== undefined) facts[capital(name)] = String(settings[name])
  facts['Runtime'] = Object.entries(record.versions)
    .filter(([name]) => name !== 'ascribe')
    .map(entry => entry.join(' '))
    .join(', ')
  return {
    title: `What ${record.model.file} looked at`,
    version,
    ...(record.date ? { date: record.date } : {}),
    model: { ...record.model, digest: `sha256:${record.model.sha256}`, facts },
    warnings: [...record.warnings, ...warnings],
    failures: record.failures.map(({ name, method, message }) => ({ name: method ? `${name} (${method})` : name, message })),
    entries: record.inputs.map(input => entry(input, gallery)),
  }
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)

function entry(input: InputRecord, gallery: Gallery): ReportEntry {
  const seen = gallery.seen.get(input.name)
  return {
    name: input.row === undefined ? input.file : `${input.file}, row ${input.row}`,
    ...(seen ? { picture: seen } : {}),
    predictions: input.prediction.map(({ index, label, score, probability }) => ({ index, label, value: probability ?? score })),
    predictionKind: input.outputKind === 'values' ? 'score' : 'probability',
    target: input.target.description,
    results: input.results.flatMap(result => cards(result, input, gallery)),
  }
}

/** One card per map; the residual stands on the first, because it belongs to all maps of a result together. */
function cards(result: ResultRecord, input: InputRecord, gallery: Gallery): ReportResult[] {
  return result.maps.map((map, index) => {
    const drawing = gallery.drawings.get(drawingKey(input.name, result.label, map.tensor)) ?? {}
    const several = result.maps.length > 1
    return {
      method: several ? `${result.label}: ${map.tensor}` : result.label,
      options: result.options,
      ...(drawing.overlay ? { overlay: drawing.overlay } : {}),
      ...(drawing.map ? { map: drawing.map } : {}),
      ...(drawing.legend ? { legend: drawing.legend } : {}),
      ...(drawing.bars ? { bars: drawing.bars } : {}),
      ...(drawing.words ? { words: drawing.words } : {}),
      ...(drawing.series ? { series: drawing.series } : {}),
      stats: { min: map.min, max: map.max, sum: map.sum, positive: map.positive },
      ...(index === 0 ? trust(result) : {}),
      files: [map.values, ...(map.picture ? [map.picture] : [])],
    }
  })
}

function trust(result: ResultRecord): Pick<ReportResult, 'residual' | 'cost' | 'warnings'> {
  const { residual, relativeResidual: relative, value, baselineValue, cost, warnings } = result
  return {
    cost,
    warnings,
    ...(residual === undefined || relative === undefined || baselineValue === undefined
      ? {}
      : {
          residual: {
            absolute: residual,
            relative,
            expected: value - baselineValue,
            state: relative > residualTolerance ? 'warn' : 'ok',
          },
        }),
  }
}
