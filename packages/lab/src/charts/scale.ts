/** @file Axes: from values to places along a line, with round ticks. */
import { formatNumber } from '@ascribe/core'

export type ScaleKind = 'linear' | 'log'

export interface Scale {
  readonly ends: readonly [low: number, high: number]
  readonly ticks: readonly number[]
  /** Place of a value between the scale's ends, 0 to 1; values beyond the ends lie beyond. */
  readonly place: (value: number) => number
  readonly tickLabel: (tick: number) => string
}

/** The largest of 1, 2, 5 times a power of ten that cuts the span into at least `count` steps, or just above. */
function roundStep(span: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(span / count))
  const rest = span / count / power
  return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10)
}

/** Multiples of a step without the rounding of repeated sums. */
const multiples = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => (Math.round(from / step) + i) * step)

/** A range that has a width: a single value is widened by a tenth of itself, or by 1 around 0. */
function widened([low, high]: readonly [number, number]): readonly [number, number] {
  if (high > low) return [low, high]
  const room = Math.abs(low) / 10 || 1
  return [low - room, high + room]
}

function linear(range: readonly [number, number], count: number, exact: boolean): Scale {
  const [low, high] = widened(range)
  const step = roundStep(high - low, count)
  const first = (exact ? Math.ceil(low / step - 1e-9) : Math.floor(low / step + 1e-9)) * step
  const last = (exact ? Math.floor(high / step + 1e-9) : Math.ceil(high / step - 1e-9)) * step
  const ends = exact ? ([low, high] as const) : ([first, last] as const)
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  return {
    ends,
    ticks: multiples(first, last, step),
    place: value => (value - ends[0]) / (ends[1] - ends[0]),
    tickLabel: tick => (decimals > 5 || Math.abs(tick) >= 1e6 ? formatNumber(tick) : plain(tick, decimals)),
  }
}

/** Fixed decimals, thousands apart, a true minus sign, and no minus before zero. */
const plain = (value: number, decimals: number): string =>
  (value === 0 ? 0 : value)
    .toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace('-', '−')

function logarithmic(range: readonly [number, number]): Scale {
  const [low, high] = range[1] > range[0] ? range : [range[0] / 2, range[0] * 2]
  const decades = Math.log10(high / low)
  const factors = decades <= 1.5 ? [1, 2, 5] : [1]
  const every = Math.max(1, Math.ceil(decades / 8))
  const candidates: number[] = []
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++)
    if (power % every === 0) candidates.push(...factors.map(factor => factor * 10 ** power))
  const first = candidates.filter(tick => tick <= low * (1 + 1e-9)).at(-1) ?? low
  const last = candidates.find(tick => tick >= high * (1 - 1e-9)) ?? high
  return {
    ends: [first, last],
    ticks: candidates.filter(tick => tick >= first && tick <= last),
    place: value => Math.log(value / first) / Math.log(last / first),
    tickLabel: tick => formatNumber(tick),
  }
}

/**
 * A scale over a range. Its ends are the round numbers around the range (for `exact`, the range's own, with the round numbers inside as
 * ticks). A logarithmic scale needs a range above zero.
 */
export const scaleOf = (
  range: readonly [low: number, high: number],
  { kind = 'linear', count = 5, exact = false }: { kind?: ScaleKind; count?: number; exact?: boolean } = {},
): Scale => (kind === 'log' ? logarithmic(range) : linear(range, count, exact))

/** Smallest and largest of the finite values; undefined where there is none. */
export function extent(values: Iterable<number>): readonly [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return low <= high ? [low, high] : undefined
}
