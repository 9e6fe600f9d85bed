/** @file Numbers and names as the report writes them. */

import type { ReportCell } from '../../../report/index.js'
import type { Difference, MeanOf } from '../analysis.js'

const minus = (text: string): string => text.replace(/-/g, '−')

/** Three decimals; a dash where there is no number. */
export const number = (value: number): string => (Number.isFinite(value) ? minus(value.toFixed(3)) : '–')

export const signed = (value: number): string => (value > 0 ? `+${number(value)}` : number(value))

/** The ends of an interval; nothing where there is none. */
const ends = (low: number, high: number): string[] =>
  Number.isFinite(low) && Number.isFinite(high) ? [`[${number(low)}, ${number(high)}]`] : []

export const meanCell = ({ value, low, high }: MeanOf, note?: string): ReportCell => ({
  text: number(value),
  sort: value,
  notes: [...ends(low, high), ...(note === undefined ? [] : [note])],
})

const probability = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p ${p.toFixed(3)}`)

export const differenceCell = ({ value, low, high, adjusted, detectable, verdict, n }: Difference): ReportCell => ({
  text: signed(value),
  sort: value,
  notes: [...ends(low, high), ...(n > 1 ? [probability(adjusted), `detects ${number(detectable)}`] : [])],
  badge: verdict,
})

export const textCell = (text: string, note?: string): ReportCell => ({ text, ...(note === undefined ? {} : { notes: [note] }) })

export const countCell = (value: number): ReportCell => ({
  text: Math.round(value).toLocaleString('en-US'),
  sort: value,
})

/** What n says about a table's numbers. */
export function sizeWords(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'No picture could be compared.'
  const sizes = differences.map(({ n }) => n)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const found = differences.map(({ detectable }) => detectable).filter(Number.isFinite)
  const range =
    found.length === 0
      ? ''
      : `, detectable difference 2.8 s_d / sqrt(n) from ${number(Math.min(...found))} to ${number(Math.max(...found))}`
  return `n = ${least === most ? least : `${least} to ${most}`} valid pictures${range}; smaller effects read "not resolved". Intervals: 95%, paired bootstrap clustered by source; p after Holm's correction over the rows of each column.`
}
