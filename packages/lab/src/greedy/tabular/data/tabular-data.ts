/** @file A table cut into training, validation and test rows, whose columns are switched on and off as a whole. */
import { createHash } from 'node:crypto'

/** One column as people know it; a category is several numbers of a row. */
export interface SelectableColumn {
  readonly name: string
  readonly kind: 'number' | 'category'
  /** Its numbers in a row: from `start`, `width` of them. */
  readonly start: number
  readonly width: number
  /**
   * Where the truth is known: the cue that it carries, for a relevant column and its copies alike. Noise, and columns that mix several cues,
   * have none.
   */
  readonly cue?: string
}

/** Encoded rows, one after the other, with their classes. */
export interface Rows {
  readonly count: number
  /** [count, features]. */
  readonly values: Float32Array
  readonly labels: Uint16Array
}

export const splits = ['train', 'validation', 'test'] as const
export type Split = (typeof splits)[number]

export interface TabularData extends Readonly<Record<Split, Rows>> {
  readonly name: string
  readonly classes: readonly string[]
  readonly columns: readonly SelectableColumn[]
  readonly features: number
  /** SHA-256 of all rows and columns. */
  readonly digest: string
}

/** Cues that a table carries, each once, in the order of columns. */
export const cuesOf = ({ columns }: Pick<TabularData, 'columns'>): string[] => [
  ...new Set(columns.flatMap(({ cue }) => (cue === undefined ? [] : [cue]))),
]

/** Column of every feature. */
export function columnOfFeature({ columns, features }: Pick<TabularData, 'columns' | 'features'>): Int32Array {
  const owner = new Int32Array(features)
  columns.forEach(({ start, width }, column) => {
    owner.fill(column, start, start + width)
  })
  return owner
}

export function tabularData(parts: Omit<TabularData, 'digest' | 'features'>): TabularData {
  const features = parts.columns.reduce((sum, { width }) => sum + width, 0)
  const hash = createHash('sha256').update(JSON.stringify([parts.name, parts.classes, parts.columns]))
  for (const split of splits) {
    const { values, labels } = parts[split]
    for (const { buffer, byteOffset, byteLength } of [values, labels]) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return { ...parts, features, digest: hash.digest('hex') }
}
