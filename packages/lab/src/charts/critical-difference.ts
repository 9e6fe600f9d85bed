/** @file Mean ranks on a line, with bars over those that are not told apart (Demsar, JMLR 2006; here by whatever test the caller made). */
import { escapeHtml } from '@ascribe/core'
import { scaleOf } from './scale.js'
import { fixed, mutedColor, nothing, rule, seriesColors, shortened, svgElement, text, type Words } from './svg.js'

interface RankedItem {
  readonly label: string
  /** Mean rank, 1 the best. */
  readonly rank: number
  /** Drawn in grey: a rival, a control. */
  readonly muted?: boolean
}

export interface CriticalDifferenceChart extends Words {
  readonly items: readonly RankedItem[]
  /** Whether two items (by number) differ; none of a bar's items do. */
  readonly differ: (first: number, second: number) => boolean
  readonly width?: number
}

/** Runs of neighbours by rank of which no two differ, none inside another: [first, last] places. */
export function indifferentRuns(count: number, differ: (first: number, second: number) => boolean): [number, number][] {
  const runs: [number, number][] = []
  for (let first = 0; first < count; first++) {
    let last = first
    while (last + 1 < count && Array.from({ length: last + 1 - first }, (_, k) => first + k).every(i => !differ(i, last + 1)))
      last++
    if (last > first && last > (runs.at(-1)?.[1] ?? -1)) runs.push([first, last])
  }
  return runs
}

const lineHeight = 19

/** The better half is named on the left, the other on the right. */
export function criticalDifference({ items, differ, width = 860, ...words }: CriticalDifferenceChart): string {
  const order = [...items.keys()]
    .filter(i => Number.isFinite(items[i]!.rank))
    .sort((a, b) => items[a]!.rank - items[b]!.rank || a - b)
  const heading = text(14, 18, words.title, { bold: true, size: 13 })
  const ranked = order.map(i => items[i]!)
  const description =
    words.description ?? `Mean ranks: ${ranked.map(({ label, rank }) => `${label} ${rank.toFixed(2)}`).join(', ')}`
  if (ranked.length < 2) return svgElement(width, 80, { ...words, description }, heading + nothing(width, 30))
  const runs = indifferentRuns(ranked.length, (a, b) => differ(order[a]!, order[b]!))
  const scale = scaleOf([ranked[0]!.rank, ranked.at(-1)!.rank])
  const [left, right, axis] = [280, width - 280, 62]
  const x = (rank: number): number => fixed(left + scale.place(rank) * (right - left))
  const bars = runs.map(([first, last], i) => {
    const y = axis + 12 + 7 * i
    const color = seriesColors[i % seriesColors.length]!
    const names = ranked.slice(first, last + 1).map(({ label }) => label)
    return `<g><title>${escapeHtml(`not told apart: ${names.join(', ')}`)}</title><line x1="${x(ranked[first]!.rank) - 3}" y1="${y}" x2="${x(ranked[last]!.rank) + 3}" y2="${y}" stroke="${color}" stroke-width="4" stroke-linecap="round"/></g>`
  })
  const under = axis + 22 + 7 * runs.length
  const half = Math.ceil(ranked.length / 2)
  const named = ranked.map(({ label, rank, muted }, place) => {
    const leftSide = place < half
    const y = under + lineHeight * (leftSide ? place : ranked.length - 1 - place) + 8
    const edge = leftSide ? left - 14 : right + 14
    const stroke = muted ? mutedColor : 'currentColor'
    const line = `<polyline points="${x(rank)},${axis} ${x(rank)},${y} ${edge},${y}" fill="none" stroke="${stroke}" stroke-opacity="0.45"/>`
    const number = rank.toFixed(2)
    const name = leftSide ? `${shortened(label, 190)}  ${number}` : `${number}  ${shortened(label, 190)}`
    return `<g><title>${escapeHtml(`${label}: mean rank ${number}`)}</title>${line}${text(leftSide ? edge - 5 : edge + 5, y + 4, name, { anchor: leftSide ? 'end' : 'start', soft: muted === true })}</g>`
  })
  const ticks = scale.ticks.map(
    tick =>
      rule(x(tick), axis - 5, x(tick), axis, 0.6) +
      text(x(tick), axis - 10, scale.tickLabel(tick), { anchor: 'middle', soft: true, size: 11 }),
  )
  const note = text(width / 2, 36, 'mean rank, best on the left; under one bar: not told apart', {
    anchor: 'middle',
    soft: true,
    size: 11,
  })
  const content = [heading, note, rule(left, axis, right, axis, 0.6), ...ticks, ...bars, ...named]
  return svgElement(width, under + lineHeight * half + 14, { ...words, description }, content.join(''))
}
