/** @file A CSV file as training, validation and test rows. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, Random } from '@ascribe/core'
import { openTable, type Table, type TableOptions } from '../../../data/table/index.js'
import { shuffled } from '../../../order.js'
import type { Row } from '../../../train/data.js'
import { type Rows, type SelectableColumn, type TabularData, tabularData } from './tabular-data.js'

/** Shares of the rows that are kept from training: half for stopping, half for the numbers. */
const heldOut = 0.4

/** The UCI census table, whose file has no header. */
const adult = {
  file: 'adult.data',
  names: [
    'age',
    'workclass',
    'fnlwgt',
    'education',
    'education-num',
    'marital-status',
    'occupation',
    'relationship',
    'race',
    'sex',
    'capital-gain',
    'capital-loss',
    'hours-per-week',
    'native-country',
    'income',
  ],
} as const

type FileOptions = Pick<TableOptions, 'label' | 'drop' | 'names' | 'separator'>

/**
 * Opens a CSV file, or a folder that holds UCI Adult: 60% of each class to train, 20% each for validation and test. Means and deviations
 * are those of the training rows.
 * @throws UsageError, InputError naming file, line and column
 */
export async function openTabular(path: string, seed: number, options: FileOptions = {}): Promise<TabularData> {
  const folder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false
  const isAdult = folder || path.endsWith(adult.file)
  const table = await openTable(folder ? join(path, adult.file) : path, {
    ...(isAdult && { names: adult.names }),
    ...options,
    validation: heldOut,
    seed,
  })
  return tabularOf(table, seed)
}

function tabularOf(table: Table, seed: number): TabularData {
  let start = 0
  const columns = table.columns.map((column): SelectableColumn => {
    const width = column.kind === 'number' ? 1 : column.categories.length
    start += width
    return { name: column.name, kind: column.kind, start: start - width, width }
  })
  const held = Array.from({ length: table.validationCount }, (_, i) => table.validation(i) as Row)
  const halves = halved(held, table.classes.length, seed)
  if (halves.some(({ length }) => length === 0)) throw new InputError(`${table.name}: too few rows to hold some back for a test`)
  return tabularData({
    name: table.name.replace(/\.\w+$/, ''),
    classes: table.classes,
    columns,
    train: rowsOf(
      Array.from({ length: table.count }, (_, i) => table.training(0, i) as Row),
      start,
    ),
    validation: rowsOf(halves[0], start),
    test: rowsOf(halves[1], start),
  })
}

/** Class by class, rows stay in their order. */
function halved(rows: readonly Row[], classes: number, seed: number): readonly [Row[], Row[]] {
  const first = new Set<Row>()
  for (let label = 0; label < classes; label++) {
    const own = rows.filter(row => row.label === label)
    for (const index of shuffled(own.length, new Random(seed, 10_000 + label)).subarray(0, Math.ceil(own.length / 2)))
      first.add(own[index]!)
  }
  return [rows.filter(row => first.has(row)), rows.filter(row => !first.has(row))]
}

function rowsOf(rows: readonly Row[], features: number): Rows {
  const values = new Float32Array(rows.length * features)
  rows.forEach((row, i) => {
    values.set(row.values, i * features)
  })
  return { count: rows.length, values, labels: Uint16Array.from(rows, ({ label }) => label) }
}
