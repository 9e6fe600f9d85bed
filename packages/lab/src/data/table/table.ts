/** @file A table as training data: typed columns, a label, and a seeded division into training and validation rows. */
import { InputError, Random, suggestion, UsageError } from '@ascribe/core'
import { shuffled } from '../../order.js'
import type { Row, TrainingData } from '../../train/data.js'
import { describeColumn, encodeCell, featuresOf, mostCategories, sortedValues, type TableColumn } from './columns.js'
import { type CsvRecord, parseCsv } from './csv.js'

export interface TableOptions {
  /** Column that holds the class; default the last. */
  readonly label?: string
  /** Columns left out. */
  readonly drop?: readonly string[]
  /** Share of every class kept for validation, in (0, 1), at least one row; default 0.2. */
  readonly validation?: number
  /** Chooses the validation rows; default 0. */
  readonly seed?: number
  /** Names of the columns, where the file has no header row. */
  readonly names?: readonly string[]
  /** Between cells; default a comma. */
  readonly separator?: string
}

export interface Table extends TrainingData {
  /** What the network reads, in order. */
  readonly columns: readonly TableColumn[]
  /** Name of every number of a row: a column's own, or COLUMN=CATEGORY. */
  readonly features: readonly string[]
  /** Column that holds the class. */
  readonly label: string
}

/** @throws UsageError for options that cannot be meant, InputError naming file, line and column of what is wrong */
export function readTable(text: string, name: string, digest: string, options: TableOptions = {}): Table {
  const { validation = 0.2, seed = 0, separator = ',' } = options
  if (!(validation > 0 && validation < 1)) throw new UsageError(`validation is ${validation}; it is a share between 0 and 1`)
  if (separator === '' || /["\r\n]/.test(separator)) throw new UsageError('the separator must be a character such as , or ;')
  const all = parseCsv(text, separator, name)
  const names = options.names ?? header(all[0], name, separator)
  const records = options.names ? all : all.slice(1)
  for (const { line, cells } of records)
    if (cells.length !== names.length)
      throw new InputError(`${name}, line ${line}: has ${cells.length} cells, the table has ${names.length} columns`)
  if (records.length === 0) throw new InputError(`${name}: the table has no rows`)
  const label = options.label ?? names.at(-1)!
  for (const given of [label, ...(options.drop ?? [])])
    if (!names.includes(given)) throw new UsageError(`${name}: has no column "${given}"${suggestion(given, names)}`)
  const place = names.indexOf(label)
  const classes = classesOf(records, place, label, name)
  const answer = (record: CsvRecord): number => classes.indexOf(record.cells[place]!)
  const { training, held } = divide(records, answer, classes, validation, seed, name)
  const read = names.flatMap((column, index) =>
    index === place || options.drop?.includes(column) ? [] : [{ file: name, name: column, index }],
  )
  if (read.length === 0) throw new InputError(`${name}: beside the label "${label}" there is no column to learn from`)
  const columns = read.map(one => describeColumn(one, records, training))
  const features = columns.flatMap(featuresOf)
  const encode = (record: CsvRecord): Row => ({
    values: Float32Array.from(columns.flatMap((column, i) => encodeCell(column, record.cells[read[i]!.index]!))),
    label: answer(record),
  })
  const [rows, heldRows] = [training.map(encode), held.map(encode)]
  return {
    name,
    classes,
    columns,
    features,
    label,
    row: [features.length],
    count: rows.length,
    validationCount: heldRows.length,
    digest: `${digest}/${JSON.stringify([label, options.drop ?? [], validation, seed, options.names ?? [], separator])}`,
    training: (_, index) => rows[index]!,
    validation: index => heldRows[index]!,
  }
}

function header(record: CsvRecord | undefined, name: string, separator: string): readonly string[] {
  if (!record) throw new InputError(`${name}: the file is empty; its first line names the columns`)
  const { cells } = record
  const [nameless, twice] = [cells.indexOf(''), cells.find((cell, i) => cells.indexOf(cell) !== i)]
  if (nameless >= 0) throw new InputError(`${name}, line ${record.line}: column ${nameless + 1} has no name`)
  if (twice !== undefined) throw new InputError(`${name}, line ${record.line}: two columns are called "${twice}"`)
  if (cells.length < 2)
    throw new InputError(`${name}, line ${record.line}: one column only; a table has columns between "${separator}" and a label`)
  return cells
}

function classesOf(records: readonly CsvRecord[], place: number, label: string, name: string): string[] {
  const empty = records.find(({ cells }) => cells[place] === '')
  if (empty) throw new InputError(`${name}, line ${empty.line}, column "${label}": the label is empty`)
  const classes = sortedValues(records.map(({ cells }) => cells[place]!))
  if (classes.length < 2)
    throw new InputError(`${name}: every row has the label ${classes[0]} (column "${label}"); at least two classes are needed`)
  if (classes.length > mostCategories)
    throw new InputError(
      `${name}: column "${label}" holds ${classes.length} different values, at most ${mostCategories} are taken as classes; name the column of the label`,
    )
  return classes
}

/** Class by class, so that each is in both parts; rows stay in the file's order. */
function divide(
  records: readonly CsvRecord[],
  answer: (record: CsvRecord) => number,
  classes: readonly string[],
  share: number,
  seed: number,
  name: string,
): { readonly training: CsvRecord[]; readonly held: CsvRecord[] } {
  const groups: CsvRecord[][] = classes.map(() => [])
  for (const record of records) groups[answer(record)]!.push(record)
  const chosen = new Set<CsvRecord>()
  groups.forEach((group, label) => {
    const count = Math.max(1, Math.round(group.length * share))
    if (count >= group.length)
      throw new InputError(
        `${name}: class "${classes[label]}" has ${group.length} ${group.length === 1 ? 'row' : 'rows'}, of which ${count} would be for validation and none left to train on`,
      )
    for (const index of shuffled(group.length, new Random(seed, label)).subarray(0, count)) chosen.add(group[index]!)
  })
  return { training: records.filter(record => !chosen.has(record)), held: records.filter(record => chosen.has(record)) }
}
