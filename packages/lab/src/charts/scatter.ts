/** @file Scatter plots of two measures, such as the commonality ladder. */
import { escapeHtml, formatNumber } from '@ascribe/core'
import { extent, scaleOf } from './scale.js'
import { type Area, axes, fixed, legend, nothing, rule, seriesColors, svgElement, text, type Words, xOf, yOf } from './svg.js'

export interface ScatterPoint {
  readonly x: number
  readonly y: number
  /** Shown beside the point where it is short (up to 4 characters), else on pointing at it. */
  readonly label?: string
  /** Ends of the interval of y. */
  readonly low?: number
  readonly high?: number
}

export interface ScatterSeries {
  readonly label: string
  readonly points: readonly ScatterPoint[]
}

export interface ScatterChart extends Words {
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly ScatterSeries[]
  /** In px; default 480 by 340, the legend's lines on top. */
  readonly width?: number
  readonly height?: number
}

/** Shapes differ with the colours; each has the area of a circle of radius 4, about. */
const shapes: readonly ((x: number, y: number) => string)[] = [
  (x, y) => `M${fixed(x - 4)} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z`,
  (x, y) => `M${fixed(x - 3.6)} ${fixed(y - 3.6)}h7.2v7.2h-7.2Z`,
  (x, y) => `M${x} ${fixed(y - 5)}L${fixed(x + 4.8)} ${fixed(y + 3.6)}H${fixed(x - 4.8)}Z`,
  (x, y) => `M${x} ${fixed(y - 5.2)}L${fixed(x + 5.2)} ${y}L${x} ${fixed(y + 5.2)}L${fixed(x - 5.2)} ${y}Z`,
]

/** Points of one or more series, with the interval of y as a whisker and zero lines where the axes hold zero. */
export function scatter(chart: ScatterChart): string {
  const { series, width = 480, height = 340 } = chart
  const mark = (i: number, x: number, y: number): string =>
    `<path d="${shapes[i % shapes.length]!(x, y)}" fill="${seriesColors[i % seriesColors.length]}"/>`
  const names =
    series.length > 1
      ? legend(
          series.map(({ label }, i) => ({ label, mark: mark(i, 11, 0) })),
          12,
          40,
          width - 24,
        )
      : { svg: '', height: 0 }
  const area: Area = { left: 64, right: width - 20, top: 40 + names.height, bottom: height + names.height - 46 }
  const seen = series.map(({ points }) => points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)))
  const xRange = extent(seen.flat().map(point => point.x))
  const yRange = extent(seen.flat().flatMap(({ y, low = y, high = y }) => [y, low, high]))
  const heading = text(12, 20, chart.title, { bold: true, size: 13 })
  const words = { title: chart.title, description: chart.description ?? describe(series) }
  if (!xRange || !yRange) return svgElement(width, area.top + 60, words, heading + names.svg + nothing(width, area.top))
  const x = scaleOf(xRange)
  const y = scaleOf(yRange)
  const zeros = [
    y.ends[0] < 0 && y.ends[1] > 0 ? rule(area.left, yOf(area, y, 0), area.right, yOf(area, y, 0), 0.5) : '',
    x.ends[0] < 0 && x.ends[1] > 0 ? rule(xOf(area, x, 0), area.top, xOf(area, x, 0), area.bottom, 0.5) : '',
  ]
  const points = seen.flatMap((own, i) =>
    own.map(point => {
      const [px, py] = [xOf(area, x, point.x), yOf(area, y, point.y)]
      const { low = Number.NaN, high = Number.NaN, label = '' } = point
      const whisker =
        Number.isFinite(low) && Number.isFinite(high)
          ? rule(px, yOf(area, y, low), px, yOf(area, y, high), 0.55, ' stroke-width="1.3"')
          : ''
      const beside = label && [...label].length <= 4 ? text(px + 7, py - 5, label, { soft: true, size: 11 }) : ''
      const says = `${[series[i]!.label, label].filter(Boolean).join(', ')}: ${formatNumber(point.x)}, ${formatNumber(point.y)}`
      return `<g><title>${escapeHtml(says)}</title>${whisker}${mark(i, px, py)}${beside}</g>`
    }),
  )
  const content = [heading, names.svg, axes(area, x, y, chart.xLabel, chart.yLabel), ...zeros, ...points]
  return svgElement(width, height + names.height, words, content.join(''))
}

const describe = (series: readonly ScatterSeries[]): string =>
  series
    .map(({ label, points }) => `${label}: ${points.map(({ x, y }) => `(${formatNumber(x)}, ${formatNumber(y)})`).join(' ')}`)
    .join('; ')
