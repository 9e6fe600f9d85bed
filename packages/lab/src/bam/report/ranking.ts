/** @file Methods in order of a metric as a report shows them, and how far orders agree: with the paper's, between models and metrics. */
import { kendall, type RankAgreement, rankAgreement, spearman } from '../../statistics/index.js'
import { paperOrder } from '../metrics/paper.js'
import type { ControlDifference, ScoreRow } from './data.js'

export const nameOf = (row: ScoreRow): string => row.name ?? row.method

const scored = (row: ScoreRow): boolean => Number.isFinite(row.score.value)

/** Best first, rows without a score last; equal scores by name. All metrics are better when higher. */
const byScore = (rows: readonly ScoreRow[]): ScoreRow[] =>
  [...rows].sort((a, b) => {
    if (scored(a) !== scored(b)) return scored(a) ? -1 : 1
    return (scored(a) && b.score.value - a.score.value) || (nameOf(a) < nameOf(b) ? -1 : 1)
  })

const overlap = (a: ScoreRow, b: ScoreRow): boolean => a.score.low <= b.score.high && b.score.low <= a.score.high

/** Whether two rows are not told apart: as their rows say from paired differences, else where their intervals overlap. */
export const isTied = (a: ScoreRow, b: ScoreRow): boolean =>
  a.tiedWith || b.tiedWith ? Boolean(a.tiedWith?.includes(nameOf(b)) || b.tiedWith?.includes(nameOf(a))) : overlap(a, b)

export interface RankedRow {
  readonly row: ScoreRow
  /** Place by score among the methods, 1 the best; null for controls and rows without a score. */
  readonly rank: number | null
  /** Places the method could have: behind those clearly better, before those clearly worse. */
  readonly best: number
  readonly worst: number
}

/** All rows best first; methods get ranks among themselves, controls none. */
export function rankRows(rows: readonly ScoreRow[]): RankedRow[] {
  const field = byScore(rows.filter(row => !row.control && scored(row)))
  return byScore(rows).map(row => {
    const place = field.indexOf(row)
    if (place < 0) return { row, rank: null, best: Number.NaN, worst: Number.NaN }
    const apart = field.map(other => other !== row && !isTied(row, other))
    const better = field.filter((other, i) => apart[i] && other.score.value > row.score.value).length
    const worse = field.filter((other, i) => apart[i] && other.score.value < row.score.value).length
    const first = field.findIndex(other => other.score.value === row.score.value)
    return { row, rank: first + 1, best: better + 1, worst: field.length - worse }
  })
}

export interface Margin extends ControlDifference {
  readonly resolved: boolean
}

/**
 * A row's distance from the best control of its metric, model and variant. Without a paired difference: d = a - b, its interval by adding
 * the two half-widths' squares, detectable sqrt(d_a^2 + d_b^2), as of independent samples. Resolved: at least the detectable difference, and
 * the interval excludes 0. Undefined for controls, and where there is no control or no score.
 */
export function marginOf(row: ScoreRow, rows: readonly ScoreRow[]): Margin | undefined {
  if (row.control || !scored(row)) return undefined
  const given = row.versusControl ?? unpaired(row, byScore(rows.filter(other => other.control && scored(other)))[0])
  if (!given) return undefined
  const { value, low, high } = given.difference
  return { ...given, resolved: Math.abs(value) >= given.detectable && (low > 0 || high < 0) }
}

function unpaired(row: ScoreRow, control: ScoreRow | undefined): ControlDifference | undefined {
  if (!control) return undefined
  const [a, b] = [row.score, control.score]
  const value = a.value - b.value
  return {
    control: nameOf(control),
    difference: {
      value,
      low: value - Math.hypot(a.value - a.low, b.high - b.value),
      high: value + Math.hypot(a.high - a.value, b.value - b.low),
    },
    detectable: Math.hypot(row.detectable, control.detectable),
  }
}

/** Our order against the paper's published one, over the methods that both have; ties are `isTied`. */
export function agreementWithPaper(rows: readonly ScoreRow[]): RankAgreement {
  const ours = new Map(rows.filter(row => !row.control && scored(row)).map(row => [nameOf(row), row]))
  const values = Object.fromEntries([...ours].map(([name, row]) => [name, row.score.value]))
  return rankAgreement(values, paperOrder, (a, b) => isTied(ours.get(a)!, ours.get(b)!))
}

export interface OrderAgreement {
  /** Methods that both sides have. */
  readonly count: number
  /** NaN for fewer than two. */
  readonly kendall: number
  readonly spearman: number
}

/** Rank correlation of two sets of scores over the methods (not controls) that both have: of two models, or of two metrics. */
export function orderAgreement(first: readonly ScoreRow[], second: readonly ScoreRow[]): OrderAgreement {
  const other = new Map(second.filter(row => !row.control && scored(row)).map(row => [nameOf(row), row.score.value]))
  const shared = first.filter(row => !row.control && scored(row) && other.has(nameOf(row)))
  const a = shared.map(row => row.score.value)
  const b = shared.map(row => other.get(nameOf(row))!)
  return { count: shared.length, kendall: kendall(a, b), spearman: spearman(a, b) }
}
