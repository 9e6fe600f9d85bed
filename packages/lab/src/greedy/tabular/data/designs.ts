/** @file The generated tables: cues of known worth, their copies, mixtures of them, and noise. */
import { suggestion, UsageError } from '@ascribe/core'
import type { Design, DesignColumn, Draws } from './design.js'

const noise = (count: number): DesignColumn[] => Array.from({ length: count }, (_, i) => ({ name: `noise ${i + 1}` }))

/** A cue with `copies` more columns that carry it. */
const cue = (name: string, copies: number, categories?: number): DesignColumn[] =>
  Array.from({ length: 1 + copies }, (_, i) => ({
    name: i === 0 ? name : `${name}, copy ${i}`,
    cue: name,
    ...(categories === undefined ? {} : { categories }),
  }))

const normals = (draws: Draws, count: number): number[] => Array.from({ length: count }, () => draws.normal())

/** Log-odds per standard deviation of the four cues. */
const worths = [2, 1.5, 1, 0.8] as const

const linear = (cues: readonly number[]): number => worths.reduce((sum, worth, i) => sum + worth * cues[i]!, 0)

/** The two strong cues stand there three times each. */
const repeated: readonly DesignColumn[] = [...cue('a', 2), ...cue('b', 2), ...cue('c', 0), ...cue('d', 0), ...noise(5)]

/** @param blur standard deviation of what a copy adds */
const repeatedRow =
  (blur: number): Design['row'] =>
  draws => {
    const [a, b, c, d] = normals(draws, 4) as [number, number, number, number]
    const copy = (value: number): number => (blur === 0 ? value : (value + blur * draws.normal()) / Math.hypot(1, blur))
    const values = [a, copy(a), copy(a), b, copy(b), copy(b), c, d, ...normals(draws, 5)]
    return { values, logOdds: linear([a, b, c, d]) }
  }

export const designs: readonly Design[] = [
  {
    name: 'copies',
    summary: 'four cues, the two strong ones with two exact copies each, five columns of noise',
    copiesOnly: true,
    columns: repeated,
    row: repeatedRow(0),
  },
  {
    name: 'noisy-copies',
    summary: 'the same with copies that correlate 0.96 with their cue',
    copiesOnly: true,
    columns: repeated,
    row: repeatedRow(0.3),
  },
  {
    name: 'interactions',
    summary: 'two cues that count only as a product, a strong one with two copies, a weak one, five columns of noise',
    copiesOnly: true,
    columns: [...cue('p', 0), ...cue('q', 0), ...cue('a', 2), ...cue('d', 0), ...noise(5)],
    row: draws => {
      const [p, q, a, d] = normals(draws, 4) as [number, number, number, number]
      return { values: [p, q, a, a, a, d, ...normals(draws, 5)], logOdds: 2 * p * q + 1.5 * a + 0.8 * d }
    },
  },
  {
    name: 'categories',
    summary: 'a category of six values with two renamed copies, one of three values, two numbers, noise of both kinds',
    copiesOnly: true,
    columns: [
      ...cue('k', 2, 6),
      ...cue('l', 0, 3),
      ...cue('a', 1),
      ...cue('d', 0),
      { name: 'noise of eight values', categories: 8 },
      ...noise(3),
    ],
    row: draws => {
      const [k, l] = [draws.integer(6), draws.integer(3)]
      const [a, d] = normals(draws, 2) as [number, number]
      const effects = [-3, -1.5, -0.5, 0.5, 1.5, 3]
      const values = [k, (k * 5 + 2) % 6, (k + 3) % 6, l, a, a, d, draws.integer(8), ...normals(draws, 3)]
      return { values, logOdds: effects[k]! + [-1.2, 0, 1.2][l]! + 1.5 * a + 0.8 * d }
    },
  },
  {
    name: 'sums',
    summary: 'four cues and, redundant beside them, two columns that are sums of two cues each; five columns of noise',
    copiesOnly: false,
    columns: [...cue('a', 0), ...cue('b', 0), ...cue('c', 0), ...cue('d', 0), { name: 'a + b' }, { name: 'c - d' }, ...noise(5)],
    row: draws => {
      const [a, b, c, d] = normals(draws, 4) as [number, number, number, number]
      const values = [a, b, c, d, (a + b) / Math.SQRT2, (c - d) / Math.SQRT2, ...normals(draws, 5)]
      return { values, logOdds: linear([a, b, c, d]) }
    },
  },
]

/** @throws UsageError with a suggestion where there is none */
export function designNamed(name: string): Design {
  const found = designs.find(design => design.name === name)
  const names = designs.map(design => design.name)
  if (!found) throw new UsageError(`unknown design "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
  return found
}
