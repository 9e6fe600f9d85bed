/** @file Columns of a table: which hold numbers and which categories, and how both become numbers that a network reads. */
import { InputError } from '@ascribe/core'
import type { CsvRecord } from './csv.js'

export type TableColumn =
  | { readonly kind: 'number'; readonly name: string; readonly mean: number; readonly deviation: number }
  | { readonly kind: 'category'; readonly name: string; readonly categories: readonly string[] }

/** Most categories of a column, and most classes of a label: beyond, a column is taken for names or free text. */
export const mostCategories = 256

const isNumber = (cell: string): boolean => cell !== '' && Number.isFinite(Number(cell))

/** As numbers where all are, as text otherwise. */
export function sortedValues(values: Iterable<string>): string[] {
  const list = [...new Set(values)]
  return list.every(isNumber) ? list.sort((a, b) => Number(a) - Number(b)) : list.sort()
}

export interface ColumnPlace {
  readonly file: string
  readonly name: string
  readonly index: number
}

const placeOf = ({ file, name }: ColumnPlace, { line }: CsvRecord): string => `${file}, line ${line}, column "${name}"`

/**
 * A column holds numbers where most of its cells do, and then all must; otherwise categories: the values of the whole file, sorted. Mean and
 * deviation (n - 1) are those of the training rows.
 * @throws InputError naming file, line and column of an empty cell or of text among numbers, or a column with too many categories
 */
export function describeColumn(place: ColumnPlace, records: readonly CsvRecord[], training: readonly CsvRecord[]): TableColumn {
  const { file, name, index } = place
  const cell = (record: CsvRecord): string => record.cells[index]!
  const empty = records.find(record => cell(record) === '')
  if (empty) throw new InputError(`${placeOf(place, empty)}: the cell is empty; fill it, or leave the row or the column out`)
  const numbers = records.reduce((count, record) => count + (isNumber(cell(record)) ? 1 : 0), 0)
  if (2 * numbers > records.length) {
    const wrong = records.find(record => !isNumber(cell(record)))
    if (wrong) throw new InputError(`${placeOf(place, wrong)}: "${cell(wrong)}" is no number, as most of the column are`)
    return { kind: 'number', name, ...moments(training.map(record => Number(cell(record)))) }
  }
  const categories = sortedValues(records.map(cell))
  if (categories.length > mostCategories)
    throw new InputError(
      `${file}: column "${name}" holds ${categories.length} different texts, at most ${mostCategories} are taken as categories; leave it out`,
    )
  return { kind: 'category', name, categories }
}

function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) }
}

/** Names of the numbers that a column becomes. */
export const featuresOf = (column: TableColumn): readonly string[] =>
  column.kind === 'number' ? [column.name] : column.categories.map(category => `${column.name}=${category}`)

/** (value - mean) / deviation, 0 where the column never changes; categories one-hot. */
export function encodeCell(column: TableColumn, cell: string): readonly number[] {
  if (column.kind === 'number') return [column.deviation > 0 ? (Number(cell) - column.mean) / column.deviation : 0]
  return column.categories.map(category => (category === cell ? 1 : 0))
}
