/** @file Horizontal bars with intervals, in groups on one scale. */
import { escapeHtml } from '@ascribe/core'
import { extent, scaleOf } from './scale.js'
import {
  type Area,
  barColor,
  fixed,
  mutedColor,
  nothing,
  roughWidth,
  rule,
  shortened,
  svgElement,
  text,
  type Words,
  xOf,
} from './svg.js'

export interface Bar {
  readonly label: string
  readonly value: number
  /** Ends of the interval; none is drawn where they are missing or not finite. */
  readonly low?: number
  readonly high?: number
  /** Drawn in grey: a control. */
  readonly muted?: boolean
}

export interface BarGroup {
  /** Shown above the group; may be empty. */
  readonly label: string
  readonly bars: readonly Bar[]
}

export interface IntervalBarChart extends Words {
  readonly xLabel: string
  readonly groups: readonly BarGroup[]
  /** A dashed line, such as the score of chance. */
  readonly reference?: { readonly value: number; readonly label: string }
  /** What the axis spans besides zero and the data: give charts to be compared the same. */
  readonly range?: readonly [low: number, high: number]
  /** A value in words; default three decimals. */
  readonly format?: (value: number) => string
  /** In px; default 440. */
  readonly width?: number
}

const rowHeight = 31
const groupHeight = 26

const threeDecimals = (value: number): string => (Number.isFinite(value) ? value.toFixed(3).replace('-', '−') : 'no value')

/**
 * Bars from the zero line, each under its name and its number, with its interval as a whisker. All groups share one scale; the order is
 * the caller's. Text takes the surrounding text's colour.
 */
export function barChart(chart: IntervalBarChart): string {
  const { groups, reference, format = threeDecimals, width = 440 } = chart
  const bars = groups.flatMap(group => group.bars)
  const heading = text(14, 18, chart.title, { bold: true, size: 13 })
  const words = { title: chart.title, description: chart.description ?? describe(groups, format) }
  const range = extent(bars.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]))
  if (!range) return svgElement(width, 80, words, heading + nothing(width, 30))
  const low = Math.min(0, range[0], reference?.value ?? 0, chart.range?.[0] ?? 0)
  const high = Math.max(0, range[1], reference?.value ?? 0, chart.range?.[1] ?? 0)
  const scale = scaleOf([low, high], { exact: true })
  const top = 30
  const height = groups.reduce((sum, { label, bars: own }) => sum + (label ? groupHeight : 0) + own.length * rowHeight, 0)
  const area: Area = { left: 14, right: width - 14, top, bottom: top + height }
  const x = (value: number): number => xOf(area, scale, value)
  const rows: string[] = []
  let y = top
  for (const { label, bars: own } of groups) {
    if (label) {
      rows.push(text(14, y + 18, label, { bold: true }))
      y += groupHeight
    }
    for (const bar of own) {
      rows.push(grid(scale.ticks, reference?.value, y, x), row(bar, y, x, width, format))
      y += rowHeight
    }
  }
  const numbers = scale.ticks.map(tick =>
    text(x(tick), area.bottom + 18, scale.tickLabel(tick), { anchor: 'middle', soft: true, size: 11 }),
  )
  const below = [chart.xLabel, reference ? `dashed: ${reference.label}` : ''].filter(Boolean).join(' · ')
  const content = [
    heading,
    ...rows,
    ...numbers,
    text(width / 2, area.bottom + 36, below, { anchor: 'middle', soft: true, size: 11.5 }),
  ]
  return svgElement(width, area.bottom + 46, words, content.join(''))
}

/** Lines beside a row's bar only, so that they do not cross its words. */
function grid(ticks: readonly number[], reference: number | undefined, y: number, x: (value: number) => number): string {
  const line = (value: number, opacity: number, extra = ''): string => rule(x(value), y + 16, x(value), y + 28, opacity, extra)
  const marked = reference === undefined ? '' : line(reference, 0.75, ' stroke-dasharray="3 2"')
  return ticks.map(tick => line(tick, tick === 0 ? 0.65 : 0.16)).join('') + marked
}

function row(bar: Bar, y: number, x: (value: number) => number, width: number, format: (value: number) => string): string {
  const { label, value, low = Number.NaN, high = Number.NaN, muted } = bar
  const number = format(value)
  const name = text(14, y + 13, shortened(label, width - 40 - roughWidth(number)), { soft: muted === true })
  const figure = text(width - 14, y + 13, number, { anchor: 'end', soft: muted === true })
  const interval = Number.isFinite(low) && Number.isFinite(high)
  const says = `${label}: ${number}${interval ? `, interval ${format(low)} to ${format(high)}` : ''}${muted ? ' (control)' : ''}`
  if (!Number.isFinite(value)) return `<g><title>${escapeHtml(says)}</title>${name}${figure}</g>`
  const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))]
  const box = `<rect x="${from}" y="${fixed(y + 18)}" width="${fixed(to - from)}" height="8" rx="1.5" fill="${muted ? mutedColor : barColor}"/>`
  const middle = y + 22
  const whisker = interval
    ? rule(x(low), middle, x(high), middle, 0.9, ' stroke-width="1.6"') +
      [low, high].map(end => rule(x(end), middle - 4, x(end), middle + 4, 0.9, ' stroke-width="1.6"')).join('')
    : ''
  return `<g><title>${escapeHtml(says)}</title>${name}${figure}${box}${whisker}</g>`
}

const describe = (groups: readonly BarGroup[], format: (value: number) => string): string =>
  groups
    .map(({ label, bars }) => `${label ? `${label}: ` : ''}${bars.map(bar => `${bar.label} ${format(bar.value)}`).join(', ')}`)
    .join('; ')
