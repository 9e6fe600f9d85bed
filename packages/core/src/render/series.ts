/** @file Time series: each channel as a line over bars of its attribution. */
import { InputError } from '../errors.js'
import { colorAt, colormapOf } from './colormaps.js'
import { displayRange, placeIn } from './range.js'
import { escapeHtml, formatNumber } from './text.js'

export interface SeriesChart {
  /** The series, channel after channel: [channels, steps]. */
  readonly values: ArrayLike<number>
  /** Attribution of every value, in the same order. */
  readonly attributions: ArrayLike<number>
  readonly channels: number
  readonly steps: number
  /** Default `channel 0`, `channel 1`, ... */
  readonly names?: readonly string[]
  /** Most channels shown, default 12: those of the largest sum |v|, in order; a line says how many are left out. */
  readonly limit?: number
  /** What the chart shows, for readers who cannot see it. */
  readonly title?: string
}

const width = 640
const left = 90
const lineHeight = 48
const barHeight = 28
const gap = 12

/**
 * The chart as an SVG element: above, each channel's line on its own scale; below it, bars of attribution up (for) and down (against)
 * on one scale for all channels, coloured as maps are.
 * @throws InputError where the sizes do not fit
 */
export function renderSeries(chart: SeriesChart): string {
  const { channels, steps, limit = 12, title = 'Attribution over time' } = chart
  const [values, attributions] = [Array.from(chart.values), Array.from(chart.attributions)]
  if (values.length !== channels * steps || attributions.length !== values.length)
    throw new InputError(
      `${values.length} values and ${attributions.length} attributions do not fit ${channels} channels of ${steps}`,
    )
  const strength = Array.from({ length: channels }, (_, c) =>
    attributions.slice(c * steps, (c + 1) * steps).reduce((sum, value) => sum + Math.abs(value), 0),
  )
  const shown = strength
    .map((_, c) => c)
    .sort((a, b) => strength[b]! - strength[a]! || a - b)
    .slice(0, limit)
    .sort((a, b) => a - b)
  const range = displayRange(attributions)
  const colormap = colormapOf(range.kind === 'diverging' ? 'blue-white-red' : 'viridis')
  const most = attributions.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1
  const step = (width - left) / steps
  const rows = shown.map((c, row) => {
    const top = row * (lineHeight + barHeight + gap)
    const own = values.slice(c * steps, (c + 1) * steps)
    const [low, high] = [Math.min(...own), Math.max(...own)]
    const y = (value: number): number => top + 2 + (lineHeight - 4) * (high > low ? (high - value) / (high - low) : 0.5)
    const points = own.map((value, t) => `${fixed(left + (t + 0.5) * step)},${fixed(y(value))}`).join(' ')
    const zero = top + lineHeight + barHeight / 2
    const bars = own.map((_, t) => {
      const value = attributions[c * steps + t]!
      const height = (Math.abs(value) / most) * (barHeight / 2)
      const color = colorAt(colormap, placeIn(range, value)).join(' ')
      return height === 0
        ? ''
        : `<rect x="${fixed(left + t * step)}" y="${fixed(value > 0 ? zero - height : zero)}" width="${fixed(step)}" height="${fixed(height)}" fill="rgb(${color})" stroke="currentColor" stroke-opacity="0.25" stroke-width="0.3"><title>step ${t}: ${formatNumber(value)}</title></rect>`
    })
    const name = chart.names?.[c] ?? `channel ${c}`
    return (
      `<g><text x="${left - 8}" y="${fixed(top + lineHeight / 2)}" text-anchor="end" fill="currentColor">${escapeHtml(name)}</text>` +
      `<polyline points="${points}" fill="none" stroke="currentColor" stroke-width="1.2"/>` +
      `<line x1="${left}" x2="${width}" y1="${zero}" y2="${zero}" stroke="currentColor" stroke-opacity="0.35"/>${bars.join('')}</g>`
    )
  })
  const rest = channels - shown.length
  const height = rows.length * (lineHeight + barHeight + gap) + (rest > 0 ? 20 : 0)
  const footer =
    rest > 0
      ? `<text x="${left}" y="${height - 6}" fill="currentColor" fill-opacity="0.65">and ${rest} more ${rest === 1 ? 'channel' : 'channels'}</text>`
      : ''
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="bars" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" ` +
    `font-size="13"><title>${escapeHtml(title)}</title>${rows.join('')}${footer}</svg>`
  )
}

const fixed = (value: number): number => Math.round(value * 100) / 100
