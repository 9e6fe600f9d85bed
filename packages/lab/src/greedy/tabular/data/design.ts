/** @file The shape of a generated table, and how it is drawn. */
import { Random } from '@ascribe/core'
import { type Rows, type SelectableColumn, type Split, splits, type TabularData, tabularData } from './tabular-data.js'

/** Independent draws of one row; a design uses them in a fixed order. */
export interface Draws {
  /** Standard normal. */
  normal(): number
  /** Uniform whole number in [0, limit). */
  integer(limit: number): number
}

export interface DesignColumn {
  readonly name: string
  /** How many values a category has; a number without it. */
  readonly categories?: number
  readonly cue?: string
}

export interface Design {
  readonly name: string
  readonly summary: string
  /** True where every column that is not noise is a cue or a copy of one, so that finding all cues before any copy can be asked for. */
  readonly copiesOnly: boolean
  readonly columns: readonly DesignColumn[]
  /** One row: a value per column (a category's index) and the log-odds of class 1. */
  readonly row: (draws: Draws) => { readonly values: readonly number[]; readonly logOdds: number }
}

export interface Sizes extends Readonly<Record<Split, number>> {}

/** Draws a table; row i of a part depends on the seed and i alone. Columns stand in an order of their own for each seed. */
export function generate(design: Design, seed: number, sizes: Sizes): TabularData {
  const order = Int32Array.from(design.columns.keys())
  const shuffle = new Random(seed, 0)
  for (let i = order.length - 1; i > 0; i--) {
    const j = shuffle.integer(i + 1)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  let start = 0
  const columns = Array.from(order, (from): SelectableColumn => {
    const { name, categories, cue } = design.columns[from]!
    const width = categories ?? 1
    start += width
    const kind = categories === undefined ? 'number' : 'category'
    return { name, kind, start: start - width, width, ...(cue === undefined ? {} : { cue }) }
  })
  const rows = (split: Split): Rows => {
    const count = sizes[split]
    const values = new Float32Array(count * start)
    const labels = new Uint16Array(count)
    for (let i = 0; i < count; i++) {
      const random = new Random(seed, 1_000_000_000 * (1 + splits.indexOf(split)) + i)
      const drawn = design.row(random)
      columns.forEach((column, c) => {
        const value = drawn.values[order[c]!]!
        const at = i * start + column.start
        if (column.kind === 'number') values[at] = value
        else values[at + value] = 1
      })
      labels[i] = random.uniform() < 1 / (1 + Math.exp(-drawn.logOdds)) ? 1 : 0
    }
    return { count, values, labels }
  }
  return tabularData({
    name: design.name,
    classes: ['0', '1'],
    columns,
    train: rows('train'),
    validation: rows('validation'),
    test: rows('test'),
  })
}
