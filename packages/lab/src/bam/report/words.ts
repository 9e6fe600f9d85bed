/** @file How a report writes names and numbers. */
import { bamMetrics } from '../metrics/index.js'
import type { Interval, ScoreRow } from './data.js'

const titles: Readonly<Record<string, string>> = {
  mcs: 'Model contrast score (MCS)',
  idr: 'Input dependence rate (IDR)',
  iir: 'Input independence rate (IIR)',
  'functional-change': 'Change on functional patches',
  'relative-mcs': 'Relative model contrast score',
  'placebo-contrast': 'Placebo contrast',
}

/** A metric as named in a score row: options may follow a colon, as in `iir:tolerance=0.2`. */
const baseOf = (metric: string): string => metric.split(':')[0]!

export function metricTitle(metric: string): string {
  const [base, ...options] = metric.split(':')
  const title = Object.hasOwn(titles, base!) ? titles[base!]! : base!
  return options.length ? `${title}, ${options.join(':')}` : title
}

export const metricOf = (metric: string) => bamMetrics.find(({ name }) => name === baseOf(metric))

/** Metrics of the rows: those that BAM has in its order, then others as they come. */
export function metricsOf(rows: readonly ScoreRow[]): string[] {
  const place = (metric: string): number => {
    const at = bamMetrics.findIndex(({ name }) => name === baseOf(metric))
    return at < 0 ? bamMetrics.length : at
  }
  return [...new Set(rows.map(row => row.metric))].sort((a, b) => place(a) - place(b))
}

/** The form of the map that headline tables show: the paper's where it was scored, else the first. */
export const mainVariant = (rows: readonly ScoreRow[]): string | undefined =>
  rows.some(row => row.variant === 'positive') ? 'positive' : rows[0]?.variant

export const unique = (values: Iterable<string>): string[] => [...new Set(values)]

const trueMinus = (text: string): string => text.replace('-', '−').replace(/^−(0\.?0*)$/, '$1')

/** Three decimals; a dash where there is no number. */
export const score = (value: number): string => (Number.isFinite(value) ? trueMinus(value.toFixed(3)) : '–')

export const signed = (value: number): string => (value > 0 ? `+${score(value)}` : score(value))

/** `[low, high]`, or nothing where it is not known. */
export const ends = ({ low, high }: Pick<Interval, 'low' | 'high'>, format = score): string =>
  Number.isFinite(low) && Number.isFinite(high) ? `[${format(low)}, ${format(high)}]` : ''

export const whole = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** One number, or `smallest to largest`. */
export function span(values: readonly number[], format: (value: number) => string): string {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return '–'
  const [low, high] = [format(Math.min(...finite)), format(Math.max(...finite))]
  return low === high ? low : `${low} to ${high}`
}
