/** @file A matrix as a heat map in SVG: generators down, testers across, values in the cells. */
import { colorAt, colormapOf, escapeHtml as esc } from '@ascribe/core'
import { svgElement, text } from '../../charts/svg.js'
import type { Interval } from '../result.js'

interface HeatChart {
  readonly title: string
  /** Names of rows and columns. */
  readonly names: readonly string[]
  /** [row][column] */
  readonly matrix: readonly (readonly Interval[])[]
}

const side = 66
const left = 128
const top = 100

const two = (value: number): string => (Number.isFinite(value) ? value.toFixed(2).replace('-', '−') : '–')

/** Colours run from 0 or the lowest value to 1 or the highest. */
export function heatChart({ title, names, matrix }: HeatChart): string {
  const values = matrix.flatMap(row => row.map(({ value }) => value)).filter(Number.isFinite)
  const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)]
  const colormap = colormapOf('viridis')
  const cut = (name: string): string => (name.length > 18 ? `${name.slice(0, 17)}…` : name)
  const cells = matrix.flatMap((row, g) =>
    row.map(({ value, low: from, high: to }, t) => {
      const place = Number.isFinite(value) ? (value - low) / (high - low) : 0
      const [r, g8, b] = colorAt(colormap, place) as readonly [number, number, number]
      const dark = 0.3 * r + 0.59 * g8 + 0.11 * b < 140
      const [x, y] = [left + t * side, top + g * side]
      const words = `${names[g]} explained, ${names[t]} tests: ${two(value)} [${two(from)}, ${two(to)}]`
      return (
        `<g><rect x="${x}" y="${y}" width="${side - 2}" height="${side - 2}" rx="3" fill="rgb(${r},${g8},${b})"><title>${esc(words)}</title></rect>` +
        `<text x="${x + side / 2 - 1}" y="${y + side / 2 - 2}" text-anchor="middle" font-weight="600" fill="${dark ? '#fff' : '#000'}">${two(value)}</text>` +
        `<text x="${x + side / 2 - 1}" y="${y + side / 2 + 12}" text-anchor="middle" font-size="9" fill="${dark ? '#fff' : '#000'}">${two(from)}, ${two(to)}</text></g>`
      )
    }),
  )
  const rows = names.map((name, g) => text(left - 8, top + g * side + side / 2 + 3, cut(name), { anchor: 'end' }))
  const columns = names.map(
    (name, t) =>
      `<g transform="translate(${left + t * side + side / 2 + 3} ${top - 8}) rotate(-40)">${text(0, 0, cut(name))}</g>`,
  )
  const width = Math.max(left + names.length * side + 70, 330)
  const heading = text(8, 18, title, { bold: true, size: 13 })
  return svgElement(width, top + names.length * side + 8, { title }, [heading, ...columns, ...rows, ...cells].join(''))
}
