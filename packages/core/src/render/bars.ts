/** @file Horizontal bar charts for values along one dimension: table columns, tokens, time steps. */
import { InputError } from '../errors.js'
import { escapeHtml, formatNumber } from './text.js'

export interface BarChart {
  readonly labels: readonly string[]
  readonly values: ArrayLike<number>
  /** `position` keeps the order (tokens, time); `strength` puts the largest |v| first (columns). Default `position`. */
  readonly order?: 'position' | 'strength'
  /** Most bars shown, default 40: those of the largest |v|, in the chosen order; a line says what is left out and its sum. */
  readonly limit?: number
  /** What the chart shows, for readers who cannot see it. */
  readonly title?: string
}

const rowHeight = 24
const width = 540
const labelWidth = 190
/** Room for a number at a bar's end. */
const numberWidth = 66
const longestLabel = 22

/**
 * The chart as an SVG element: bars grow right (positive) and left (negative) from a common zero line and share one scale. Text takes
 * the surrounding text's colour.
 *
 * @throws InputError where labels and values differ in number
 */
export function renderBars(chart: BarChart): string {
  const { labels, order = 'position', limit = 40, title = 'Attribution by feature' } = chart
  const values = Array.from(chart.values)
  if (labels.length !== values.length) throw new InputError(`${labels.length} labels do not fit ${values.length} values`)
  const strength = (i: number): number => Math.abs(values[i]!) || 0
  const ranked = values.map((_, i) => i).sort((a, b) => strength(b) - strength(a) || a - b)
  const shown = ranked.slice(0, limit)
  if (order === 'position') shown.sort((a, b) => a - b)
  const right = Math.max(0, ...shown.map(i => values[i]! || 0))
  const left = Math.max(0, ...shown.map(i => -values[i]! || 0))
  const start = labelWidth + (left > 0 ? numberWidth : 0)
  const scale = (width - start - numberWidth) / (left + right || 1)
  const zero = fixed(start + left * scale)
  const rows = shown.map((i, row) => barRow(labels[i]!, values[i]!, row, zero, (values[i]! || 0) * scale))
  const rest = ranked.slice(limit)
  const footer = rest.length
    ? restRow(
        rest.length,
        rest.reduce((sum, i) => sum + values[i]!, 0),
        shown.length,
      )
    : ''
  const height = (shown.length + (rest.length ? 1 : 0)) * rowHeight + 4
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="bars" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" ` +
    `font-size="13"><title>${escapeHtml(title)}</title>` +
    `<line x1="${zero}" x2="${zero}" y1="0" y2="${shown.length * rowHeight}" stroke="currentColor" stroke-opacity="0.35"/>` +
    `${rows.join('')}${footer}</svg>`
  )
}

function barRow(label: string, value: number, row: number, zero: number, length: number): string {
  const y = row * rowHeight
  const base = y + rowHeight * 0.68
  const left = length < 0 ? zero + length : zero
  const end = length < 0 ? `x="${fixed(left - 6)}" text-anchor="end"` : `x="${fixed(zero + length + 6)}"`
  const short = [...label].length > longestLabel ? `${[...label].slice(0, longestLabel - 1).join('')}…` : label
  return (
    `<g><title>${escapeHtml(label)}: ${escapeHtml(String(value))}</title>` +
    `<text x="${labelWidth - 8}" y="${base}" text-anchor="end" fill="currentColor">${escapeHtml(short)}</text>` +
    `<rect x="${fixed(left)}" y="${y + 4}" width="${fixed(Math.abs(length))}" height="${rowHeight - 8}" rx="2" fill="${length < 0 ? '#3b7dc4' : '#d1503f'}"/>` +
    `<text ${end} y="${base}" fill="currentColor" fill-opacity="0.75" font-size="12">${formatNumber(value)}</text></g>`
  )
}

const restRow = (count: number, sum: number, row: number): string =>
  `<text x="${labelWidth - 8}" y="${(row + 0.68) * rowHeight}" text-anchor="end" fill="currentColor" fill-opacity="0.65">and ${count} more, sum ${formatNumber(sum)}</text>`

const fixed = (value: number): number => Math.round(value * 100) / 100
