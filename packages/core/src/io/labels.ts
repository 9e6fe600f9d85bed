/** @file Names of a model's classes, from the files and metadata that carry them. */
import { InputError } from '../errors.js'

/** Class names by index; `undefined` where an index has none. */
export type Labels = readonly (string | undefined)[]

/** Most classes a list of labels may have. */
const classLimit = 1_000_000

/** Keys under which models keep their labels, in the order they are tried. */
const labelKeys = ['id2label', 'labels', 'names', 'classes'] as const

/**
 * Labels of a Hugging Face config.json: its `id2label` ({"0": "tench", ...} or a list).
 *
 * @returns undefined where the config has no labels
 * @throws InputError where `id2label` is neither
 */
export function labelsFromConfig(json: unknown, name = 'config.json'): Labels | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new InputError(`${name}: not a JSON object`)
  const value = (json as Record<string, unknown>)['id2label']
  return value === undefined || value === null ? undefined : labelsFromValue(value, `${name}: 'id2label'`)
}

/** Labels of a text file, one per line in class order; a byte-order mark and empty lines at the end are dropped. */
export function labelsFromText(text: string, name = 'labels'): Labels {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r\n|\n|\r/)
  if (lines.length === 1 && lines[0] === '') throw new InputError(`${name}: the file of labels is empty`)
  return lines.map(line => line.trim() || undefined)
}

/**
 * Labels of a model's own metadata: key `id2label`, `labels`, `names` or `classes`, written as JSON, as a Python dictionary or list
 * (as YOLO exports do: {0: 'person', 1: 'bicycle'}) or as names between commas.
 *
 * @returns undefined where no such key is there
 * @throws InputError where the value cannot be read
 */
export function labelsFromMetadata(metadata: Readonly<Record<string, string>>, name = 'model metadata'): Labels | undefined {
  const key = labelKeys.find(candidate => metadata[candidate]?.trim())
  return key === undefined ? undefined : labelsFromValue(parseLiteral(metadata[key]!.trim()), `${name}: '${key}'`)
}

/** The label of a class, or `class N` where it has none. */
export const labelOf = (labels: Labels | undefined, index: number): string => labels?.[index] ?? `class ${index}`

function labelsFromValue(value: unknown, where: string): Labels {
  if (typeof value !== 'object' || value === null) throw new InputError(`${where}: neither a list of names nor names by index`)
  const entries: [string, unknown][] = Object.entries(value)
  const labels: (string | undefined)[] = []
  for (const [key, label] of entries) {
    const index = Number(key)
    if (!/^\d+$/.test(key) || index >= classLimit)
      throw new InputError(`${where}: ${JSON.stringify(key.slice(0, 40))} is not a class index`)
    if (typeof label !== 'string' && typeof label !== 'number')
      throw new InputError(`${where}: the label of class ${key} is not text`)
    while (labels.length <= index) labels.push(undefined)
    labels[index] = String(label)
  }
  if (labels.length === 0) throw new InputError(`${where}: holds no labels`)
  return labels
}

/** JSON, a Python dictionary or list of literals, or a comma-separated list. */
function parseLiteral(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    if (text.startsWith('{'))
      return Object.fromEntries(pythonItems(text.slice(1, -1)).map(([key, label], i) => [key ?? String(i), label]))
    if (/^[[(]/.test(text)) return pythonItems(text.slice(1, -1)).map(([, label]) => label)
    return text.split(',').map(label => label.trim())
  }
}

/** Quoted strings of a Python literal, each with the integer key before it where there is one. */
function pythonItems(text: string): [string | undefined, string][] {
  const item = /(?:['"]?(\d+)['"]?\s*:\s*)?(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g
  return [...text.matchAll(item)].map(([, key, single, double]) => [key, (single ?? double ?? '').replace(/\\(.)/g, '$1')])
}
