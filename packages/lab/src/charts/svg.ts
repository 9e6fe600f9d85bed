/** @file What all charts share: colours, the SVG element, a plot with axes, the legend. */
import { escapeHtml } from '@ascribe/core'
import type { Scale } from './scale.js'

/** Told apart in every common form of colour blindness (Okabe and Ito, 2008), darkened or lightened to show on white and on black. */
export const seriesColors = ['#2f7fc1', '#d9730d', '#1a9a72', '#b8579a', '#8a7a1f', '#6f6fd1', '#c2483d', '#4b9fb3'] as const

/** Dashes differ too, so that colour is never the only mark. */
export const seriesDashes = ['', '7 3', '2 3', '9 3 2 3', '', '7 3', '2 3', '9 3 2 3'] as const

/** Bars of methods, and of controls. */
export const barColor = '#4a7fb5'
export const mutedColor = '#8d949c'

export const fixed = (value: number): number => Math.round(value * 100) / 100

export interface Words {
  /** Shown above the chart, and its name for readers who cannot see it. */
  readonly title: string
  /** What the chart shows, in a sentence: for readers who cannot see it. Default: made from the data. */
  readonly description?: string
}

/** The outer element; it can be scaled to its container's width. */
export const svgElement = (width: number, height: number, { title, description = '' }: Words, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${fixed(height)}" width="${width}" height="${fixed(height)}" role="img" ` +
  `font-family="system-ui, sans-serif" font-size="12" fill="currentColor"><title>${escapeHtml(title)}</title>` +
  `<desc>${escapeHtml(description)}</desc>${content}</svg>`

interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly soft?: boolean
  readonly bold?: boolean
  readonly size?: number
  readonly turned?: boolean
}

export function text(x: number, y: number, content: string, { anchor, soft, bold, size, turned }: TextOptions = {}): string {
  const attributes = [
    anchor && anchor !== 'start' ? ` text-anchor="${anchor}"` : '',
    soft ? ' fill-opacity="0.72"' : '',
    bold ? ' font-weight="600"' : '',
    size ? ` font-size="${size}"` : '',
    turned ? ` transform="rotate(-90 ${fixed(x)} ${fixed(y)})"` : '',
  ].join('')
  return `<text x="${fixed(x)}" y="${fixed(y)}"${attributes}>${escapeHtml(content)}</text>`
}

export const rule = (x1: number, y1: number, x2: number, y2: number, opacity: number, extra = ''): string =>
  `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="currentColor" stroke-opacity="${opacity}"${extra}/>`

/** Width of a text at 12 px, roughly; there are no font metrics here. */
export const roughWidth = (content: string): number => [...content].length * 6.4

/** The text cut to a width in px, with an ellipsis. */
export function shortened(content: string, width: number): string {
  const letters = [...content]
  const room = Math.max(1, Math.floor(width / 6.4))
  return letters.length <= room ? content : `${letters.slice(0, room - 1).join('')}…`
}

export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export const xOf = (area: Area, scale: Scale, value: number): number =>
  fixed(area.left + scale.place(value) * (area.right - area.left))
export const yOf = (area: Area, scale: Scale, value: number): number =>
  fixed(area.bottom - scale.place(value) * (area.bottom - area.top))

/** Grid, tick labels and axis labels of a plot. */
export function axes(area: Area, x: Scale, y: Scale, xLabel: string, yLabel: string): string {
  const across = x.ticks.map(tick => {
    const at = xOf(area, x, tick)
    return (
      rule(at, area.bottom, at, area.bottom + 4, 0.5) +
      text(at, area.bottom + 17, x.tickLabel(tick), { anchor: 'middle', soft: true })
    )
  })
  const up = y.ticks.map(tick => {
    const at = yOf(area, y, tick)
    return (
      rule(area.left, at, area.right, at, 0.13) + text(area.left - 7, at + 4, y.tickLabel(tick), { anchor: 'end', soft: true })
    )
  })
  return [
    ...up,
    rule(area.left, area.bottom, area.right, area.bottom, 0.5),
    ...across,
    text((area.left + area.right) / 2, area.bottom + 35, xLabel, { anchor: 'middle' }),
    text(14, (area.top + area.bottom) / 2, yLabel, { anchor: 'middle', turned: true }),
  ].join('')
}

export interface LegendEntry {
  readonly label: string
  /** Drawn in a box 22 wide and 10 high whose middle is (11, 0). */
  readonly mark: string
}

/** Entries in lines of at most the given width, from the given y; the result's `height` is what it takes up. */
export function legend(
  entries: readonly LegendEntry[],
  left: number,
  top: number,
  width: number,
): { svg: string; height: number } {
  let [x, y] = [left, top]
  const parts = entries.map(({ label, mark }) => {
    const shown = shortened(label, width - 30)
    const room = 28 + roughWidth(shown)
    if (x > left && x + room > left + width) {
      x = left
      y += 18
    }
    const part = `<g transform="translate(${fixed(x)} ${fixed(y)})">${mark}</g>${text(x + 28, y + 4, shown)}`
    x += room + 14
    return part
  })
  return { svg: parts.join(''), height: entries.length ? y - top + 18 : 0 }
}

/** Shown in place of a plot that has no values. */
export const nothing = (width: number, top: number): string =>
  text(width / 2, top + 30, 'no values to draw', { anchor: 'middle', soft: true })
