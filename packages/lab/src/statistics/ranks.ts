/** @file Ranks with ties, and how far two orders of the same names agree. */
import { InputError } from '@ascribe/core'
import { kendall, spearman } from './correlation.js'

/** Rank of each value, 1 the largest; equal values share the mean of the ranks they span. NaN ranks last, among its equals. */
export function ranks(values: ArrayLike<number>): number[] {
  const key = (i: number): number => (Number.isNaN(values[i]!) ? Number.NEGATIVE_INFINITY : values[i]!)
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => (key(a) === key(b) ? 0 : key(b) - key(a)))
  const out = new Array<number>(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && key(order[end]!) === key(order[start]!)) end++
    for (let k = start; k < end; k++) out[order[k]!] = (start + 1 + end) / 2
    start = end
  }
  return out
}

export interface RankAgreement {
  /** Names in both orders, in the published order. */
  readonly names: readonly string[]
  /** Names that only one of the two has. */
  readonly missing: readonly string[]
  /** Kendall's tau-b and Spearman's rho of our values with the published places; NaN for fewer than two names. */
  readonly kendall: number
  readonly spearman: number
  /** Pairs [above, below] as published, split by what our values say of them. */
  readonly agreeing: readonly (readonly [string, string])[]
  readonly disagreeing: readonly (readonly [string, string])[]
  readonly tied: readonly (readonly [string, string])[]
}

/**
 * Compares our values (higher is better) with a published order (best first).
 * @param equal says which pairs count as tied, beside equal values: differences that are not resolved
 * @throws InputError where the published order lists a name twice
 */
export function rankAgreement(
  ours: Readonly<Record<string, number>>,
  published: readonly string[],
  equal: (first: string, second: string) => boolean = () => false,
): RankAgreement {
  const twice = published.find((name, i) => published.indexOf(name) !== i)
  if (twice !== undefined) throw new InputError(`the published order lists "${twice}" twice`)
  const names = published.filter(name => Object.hasOwn(ours, name))
  const missing = [
    ...published.filter(name => !Object.hasOwn(ours, name)),
    ...Object.keys(ours).filter(name => !published.includes(name)),
  ]
  const values = names.map(name => ours[name]!)
  const places = names.map((_, place) => -place)
  const agreeing: [string, string][] = []
  const disagreeing: [string, string][] = []
  const tied: [string, string][] = []
  for (const [i, above] of names.entries()) {
    for (const [k, below] of names.slice(i + 1).entries()) {
      const difference = values[i]! - values[i + 1 + k]!
      const list =
        difference === 0 || Number.isNaN(difference) || equal(above, below) ? tied : difference > 0 ? agreeing : disagreeing
      list.push([above, below])
    }
  }
  return {
    names,
    missing,
    kendall: kendall(values, places),
    spearman: spearman(values, places),
    agreeing,
    disagreeing,
    tied,
  }
}
