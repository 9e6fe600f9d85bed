/** @file What the sections of the page are made of. */
import { escapeHtml as esc } from '@ascribe/core'
import { type Cell, renderTable } from '../../report/index.js'
import type { Interval } from '../result.js'
import { number } from './statements.js'

export const intervalCell = ({ value, low, high }: Interval): Cell => ({
  html: `${number(value)}${Number.isFinite(low) ? `<small>[${number(low)}, ${number(high)}]</small>` : ''}`,
  sort: value,
})

export interface Section {
  readonly id: string
  readonly title: string
  readonly body: string
}

export const table = (caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<div class="wide">${renderTable({
    caption: esc(caption),
    columns: columns.map((label, i) => ({ label, numeric: i > 0 && rows.every(row => typeof row[i]?.sort === 'number') })),
    rows: rows.map(cells => ({ cells })),
  })}</div>`

export const charts = (svgs: readonly string[]): string =>
  `<div class="charts">${svgs.map(svg => `<figure>${svg}</figure>`).join('\n')}</div>`

export const share = (value: number): Cell => ({
  html: Number.isFinite(value) ? `${(100 * value).toFixed(1)}%` : '–',
  sort: value,
})
