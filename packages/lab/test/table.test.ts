import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, UsageError } from '@ascribe/core'
import { afterAll, describe, expect, test } from 'vitest'
import { parseCsv } from '../src/data/table/csv.js'
import { openTable, readTable, type TableOptions } from '../src/data/table/index.js'
import type { Row } from '../src/train/data.js'

const folder = await mkdtemp(join(tmpdir(), 'ascribe-table-'))
afterAll(() => rm(folder, { recursive: true }))

const cellsOf = (text: string, separator = ',') => parseCsv(text, separator, 't.csv').map(({ line, cells }) => [line, ...cells])

describe('CSV', () => {
  test('cells with quotes, separators, line breaks and blanks', () => {
    expect(cellsOf('\uFEFFa, b ,c\r\n"x, y",\t "say ""no""" , \n\n"two\nlines",,3')).toEqual([
      [1, 'a', 'b', 'c'],
      [2, 'x, y', 'say "no"', ''],
      [4, 'two\nlines', '', '3'],
    ])
    expect(cellsOf('a,b\n1,')).toEqual([
      [1, 'a', 'b'],
      [2, '1', ''],
    ])
    expect(cellsOf('a\t\t"b"\r1\t2\t3\r', '\t')).toEqual([
      [1, 'a', '', 'b'],
      [2, '1', '2', '3'],
    ])
    expect(cellsOf('\n\n')).toEqual([])
  })

  test('what is no CSV is an error with its line', () => {
    expect(() => cellsOf('a,b\n1,"2\n')).toThrow(new InputError('t.csv, line 2: a quote is not closed'))
    expect(() => cellsOf('a,b\n"1"x,2')).toThrow(/t\.csv, line 2: text follows a closed quote/)
  })
})

const lines = ['size,colour,kind']
for (let i = 0; i < 20; i++) lines.push(`${i * i},${['red', 'green', 'blue'][i % 3]},${i % 2 ? 'plum' : 'apple'}`)
const text = lines.join('\n')
const table = (more: TableOptions = {}, of = text) => readTable(of, 't.csv', 'digest', more)
const training = (of: ReturnType<typeof table>): Row[] => Array.from({ length: of.count }, (_, i) => of.training(0, i) as Row)
const validation = (of: ReturnType<typeof table>): Row[] =>
  Array.from({ length: of.validationCount }, (_, i) => of.validation(i) as Row)

describe('tables', () => {
  test('numbers are standardised with the training rows, categories one-hot', () => {
    const made = table()
    expect(made).toMatchObject({ classes: ['apple', 'plum'], row: [4], count: 16, validationCount: 4, label: 'kind' })
    expect(made.features).toEqual(['size', 'colour=blue', 'colour=green', 'colour=red'])
    const [size, colour] = made.columns
    expect(colour).toEqual({ kind: 'category', name: 'colour', categories: ['blue', 'green', 'red'] })
    if (size?.kind !== 'number') throw new Error('size is a number')
    const rows = training(made)
    const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0)
    expect(Math.abs(sum(({ values }) => values[0]!))).toBeLessThan(1e-5)
    expect(Math.abs(sum(({ values }) => values[0]! ** 2) - 15)).toBeLessThan(1e-4)
    const squares = [...rows, ...validation(made)].map(({ values }) => values[0]! * size.deviation + size.mean)
    expect(squares.map(value => Math.round(Math.sqrt(Math.abs(value)))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    )
    for (const { values, label } of [...rows, ...validation(made)]) {
      const i = Math.round(Math.sqrt(Math.abs(values[0]! * size.deviation + size.mean)))
      expect([...values.subarray(1)]).toEqual(
        [
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0],
        ][i % 3],
      )
      expect(label).toBe(i % 2)
    }
  })

  test('each class keeps its share for validation, by seed', () => {
    const held = (seed: number): string => JSON.stringify(validation(table({ seed })).map(({ values }) => values[0]))
    expect(
      validation(table({ validation: 0.3 }))
        .map(({ label }) => label)
        .sort(),
    ).toEqual([0, 0, 0, 1, 1, 1])
    expect(held(1)).toBe(held(1))
    expect(held(1)).not.toBe(held(2))
    expect(table({ seed: 1 }).digest).not.toBe(table({ seed: 2 }).digest)
  })

  test('the label by name, columns left out, names where there is no header, another separator', () => {
    const made = table({ label: 'colour', drop: ['kind'] })
    expect(made.classes).toEqual(['blue', 'green', 'red'])
    expect(made.features).toEqual(['size'])
    const bare = table({ names: ['a', 'b', 'c'], separator: ';' }, text.split('\n').slice(1).join('\n').replaceAll(',', ';'))
    expect(bare.features).toEqual(['a', 'b=blue', 'b=green', 'b=red'])
    expect(bare.count).toBe(16)
  })

  test('classes that are numbers are in order of size; a column that never changes is 0', () => {
    const made = table({}, `a,same,y\n${Array.from({ length: 12 }, (_, i) => `${i},5,${[9, 10, 100][i % 3]}`).join('\n')}`)
    expect(made.classes).toEqual(['9', '10', '100'])
    expect(training(made).map(({ values }) => values[1])).toEqual(Array(made.count).fill(0))
  })

  const bad = (line: number, to: string): string => lines.map((old, i) => (i === line - 1 ? to : old)).join('\n')

  test.each([
    ['empty file', '', {}, 't.csv: the file is empty; its first line names the columns'],
    ['header only', 'a,b\n', {}, 't.csv: the table has no rows'],
    ['one column', 'a\n1\n', {}, 't.csv, line 1: one column only; a table has columns between "," and a label'],
    ['a name missing', 'a,,c\n1,2,3', {}, 't.csv, line 1: column 2 has no name'],
    ['a name twice', 'a,b,a\n1,2,3', {}, 't.csv, line 1: two columns are called "a"'],
    ['a short row', bad(7, '4,red'), {}, 't.csv, line 7: has 2 cells, the table has 3 columns'],
    [
      'an empty cell',
      bad(7, '4,,plum'),
      {},
      't.csv, line 7, column "colour": the cell is empty; fill it, or leave the row or the column out',
    ],
    [
      'text among numbers',
      bad(7, '4x,red,plum'),
      {},
      't.csv, line 7, column "size": "4x" is no number, as most of the column are',
    ],
    [
      'an infinite number',
      bad(7, '1e999,red,plum'),
      {},
      't.csv, line 7, column "size": "1e999" is no number, as most of the column are',
    ],
    ['a label missing', bad(7, '4,red,'), {}, 't.csv, line 7, column "kind": the label is empty'],
    [
      'one class',
      text.replaceAll('plum', 'apple'),
      {},
      't.csv: every row has the label apple (column "kind"); at least two classes are needed',
    ],
    [
      'a class of one row',
      bad(7, '4,red,pear'),
      {},
      't.csv: class "pear" has 1 row, of which 1 would be for validation and none left to train on',
    ],
    ['nothing to read', text, { drop: ['size', 'colour'] }, 't.csv: beside the label "kind" there is no column to learn from'],
  ])('%s', (_, of, options, message) => {
    expect(() => table(options, of)).toThrow(InputError)
    expect(() => table(options, of)).toThrow(message)
  })

  test('too many categories or classes', () => {
    const names = `name,kind\n${Array.from({ length: 600 }, (_, i) => `n${i},${i % 2}`).join('\n')}`
    expect(() => table({}, names)).toThrow('column "name" holds 600 different texts, at most 256 are taken as categories')
    expect(() => table({ label: 'name' }, names)).toThrow(
      'column "name" holds 600 different values, at most 256 are taken as classes',
    )
  })

  test('options that cannot be meant', () => {
    expect(() => table({ label: 'color' })).toThrow(UsageError)
    expect(() => table({ label: 'color' })).toThrow(/has no column "color".*colour/)
    expect(() => table({ drop: ['x'] })).toThrow('t.csv: has no column "x"')
    expect(() => table({ validation: 1 })).toThrow('validation is 1; it is a share between 0 and 1')
  })
})

describe('files', () => {
  test('are named and digested', async () => {
    const path = join(folder, 'fruit.csv')
    await writeFile(path, text)
    const made = await openTable(path)
    expect(made.name).toBe('fruit.csv')
    expect(made.digest).toMatch(/^[0-9a-f]{64}\/\["kind"/)
    await writeFile(path, `${text}\n1,red,plum`)
    expect((await openTable(path)).digest).not.toBe(made.digest)
  })

  test('that are missing or no text', async () => {
    await expect(openTable(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: there is no such file/)
    await writeFile(join(folder, 'bytes.csv'), Uint8Array.of(97, 0xff, 0xfe, 10))
    await expect(openTable(join(folder, 'bytes.csv'))).rejects.toThrow(/bytes\.csv: is not text in UTF-8/)
  })

  const adult = join(import.meta.dirname, '../../../../shared/data/adult/adult.data')
  test.skipIf(!existsSync(adult))('the adult census (skipped where ../shared is absent)', async () => {
    const names =
      'age,workclass,weight,education,years,marital,occupation,relationship,race,sex,gain,loss,hours,country,income'.split(',')
    const made = await openTable(adult, { names })
    expect(made.classes).toEqual(['<=50K', '>50K'])
    expect(made.count + made.validationCount).toBe(32561)
    expect(made.columns.filter(({ kind }) => kind === 'number').map(({ name }) => name)).toEqual([
      'age',
      'weight',
      'years',
      'gain',
      'loss',
      'hours',
    ])
    // 9 + 16 + 7 + 15 + 6 + 5 + 2 + 42 categories.
    expect(made.row).toEqual([6 + 102])
  })
})
