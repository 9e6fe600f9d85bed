/** @file Line charts: training curves, and scores along a budget with bands. */
import { escapeHtml, formatNumber } from '@ascribe/core'
import { extent, type ScaleKind, scaleOf } from './scale.js'
import {
  type Area,
  axes,
  fixed,
  legend,
  nothing,
  seriesColors,
  seriesDashes,
  svgElement,
  text,
  type Words,
  xOf,
  yOf,
} from './svg.js'

export interface LineSeries {
  readonly label: string
  /** In the order they are joined. A value that is not finite (on a logarithmic axis, not above 0) breaks the line. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** An interval around the line, drawn as a band. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[]
}

export interface LineChart extends Words {
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly LineSeries[]
  /** Default `linear`. */
  readonly yScale?: ScaleKind
  /** Values that the y-axis includes whatever the data, e.g. [0, 1] for accuracies. */
  readonly include?: readonly number[]
  /** In px; default 560 by 320, the legend's lines on top. */
  readonly width?: number
  readonly height?: number
}

/** Points of a series as the subpaths between its gaps. */
function runs<T>(points: readonly T[], drawn: (point: T) => boolean): T[][] {
  const out: T[][] = [[]]
  for (const point of points) {
    if (drawn(point)) out.at(-1)!.push(point)
    else if (out.at(-1)!.length) out.push([])
  }
  return out.filter(run => run.length > 0)
}

/** One or more lines over a common x-axis, as an SVG element; text and axes take the surrounding text's colour. */
export function lineChart(chart: LineChart): string {
  const { series, yScale = 'linear', include = [], width = 560, height = 320 } = chart
  const drawable = (value: number): boolean => Number.isFinite(value) && (yScale === 'linear' || value > 0)
  const entries = series.map(({ label }, i) => ({
    label,
    mark: `<line x1="0" x2="22" y1="0" y2="0" ${strokeOf(i)}/>`,
  }))
  const names = legend(entries, 12, 40, width - 24)
  const area: Area = { left: 64, right: width - 16, top: 40 + names.height, bottom: height + names.height - 46 }
  const xRange = extent(series.flatMap(({ points }) => points.filter(([, y]) => drawable(y)).map(([x]) => x)))
  const yRange = extent(
    [
      ...series.flatMap(({ points, band = [] }) => [
        ...points.map(point => point[1]),
        ...band.flatMap(([, low, high]) => [low, high]),
      ]),
      ...include,
    ].filter(drawable),
  )
  const heading = text(12, 20, chart.title, { bold: true, size: 13 })
  const words = { title: chart.title, description: chart.description ?? describe(series) }
  if (!xRange || !yRange) return svgElement(width, area.top + 60, words, heading + names.svg + nothing(width, area.top))
  const x = scaleOf(xRange, { exact: true, count: 6 })
  const y = scaleOf(yRange, { kind: yScale })
  const at = (point: readonly [number, number]): string => `${xOf(area, x, point[0])} ${yOf(area, y, point[1])}`
  const bands = series.map(({ band = [] }, i) =>
    runs(band, ([, low, high]) => drawable(low) && drawable(high)).map(run => {
      const outline = [...run.map(([px, , high]) => at([px, high])), ...run.toReversed().map(([px, low]) => at([px, low]))]
      return `<path d="M${outline.join('L')}Z" fill="${colorOf(i)}" fill-opacity="0.18"/>`
    }),
  )
  const lines = series.map(
    ({ label, points }, i) =>
      runs(points, ([, value]) => drawable(value))
        .map(run =>
          run.length === 1
            ? `<circle cx="${xOf(area, x, run[0]![0])}" cy="${yOf(area, y, run[0]![1])}" r="3" fill="${colorOf(i)}"/>`
            : `<path d="M${run.map(at).join('L')}" fill="none" stroke-linejoin="round" ${strokeOf(i)}/>`,
        )
        .join('') +
      ends(
        label,
        points.filter(([, value]) => drawable(value)),
        i,
        point => [xOf(area, x, point[0]), yOf(area, y, point[1])],
      ),
  )
  const content = [heading, names.svg, axes(area, x, y, chart.xLabel, chart.yLabel), ...bands.flat(), ...lines]
  return svgElement(width, height + names.height, words, content.join(''))
}

const colorOf = (i: number): string => seriesColors[i % seriesColors.length]!

function strokeOf(i: number): string {
  const dash = seriesDashes[i % seriesDashes.length]!
  return `stroke="${colorOf(i)}" stroke-width="1.8"${dash ? ` stroke-dasharray="${dash}"` : ''}`
}

/** Few points are marked, so that a value can be pointed at. */
function ends(
  label: string,
  points: readonly (readonly [number, number])[],
  i: number,
  at: (point: readonly [number, number]) => readonly [number, number],
): string {
  if (points.length < 2 || points.length > 40) return ''
  return points
    .map(point => {
      const [cx, cy] = at(point)
      return `<circle cx="${fixed(cx)}" cy="${fixed(cy)}" r="2.4" fill="${colorOf(i)}"><title>${title(label, point)}</title></circle>`
    })
    .join('')
}

const title = (label: string, [x, y]: readonly [number, number]): string =>
  escapeHtml(`${label}: ${formatNumber(y)} at ${formatNumber(x, 5)}`)

const describe = (series: readonly LineSeries[]): string =>
  series
    .map(({ label, points }) => {
      const last = points.at(-1)
      return last ? `${label} ends at ${formatNumber(last[1])} at ${formatNumber(last[0], 5)}` : `${label} has no values`
    })
    .join('; ')
