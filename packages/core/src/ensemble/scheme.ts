/** @file The shape of a scheme: how maps of several methods become one, place by place. */
import type { OptionSpecs, Options } from '../methods/method.js'

export interface Scheme {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line for lists. */
  readonly summary: string
  /** The exact formula; mu and sigma are mean and standard deviation (of the population) over the members at one place. */
  readonly formula: string
  readonly citation: string
  readonly options: OptionSpecs
  /** Most places it can take: schemes over whole orders need segments. */
  readonly mostPlaces?: number
  /**
   * @param members normalised maps of equal length, one per method
   * @throws UsageError for values or options that the formula does not allow
   */
  readonly combine: (members: readonly Float64Array[], options: Options, seed: number) => Float64Array
  /** The same for members that are ranks from 0 to 1 already, where that is quicker. */
  readonly combineRanks?: (members: readonly Float64Array[]) => Float64Array
}

/** One number per place, from the members' values there. The list is reused from place to place. */
export function perPlace(members: readonly Float64Array[], of: (values: Float64Array) => number): Float64Array {
  const out = new Float64Array(members[0]!.length)
  const values = new Float64Array(members.length)
  for (let i = 0; i < out.length; i++) {
    for (let m = 0; m < values.length; m++) values[m] = members[m]![i]!
    out[i] = of(values)
  }
  return out
}

/** Mean over the members at every place. */
export function meanMap(members: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(members[0]!.length)
  for (const member of members) for (let i = 0; i < out.length; i++) out[i]! += member[i]!
  for (let i = 0; i < out.length; i++) out[i]! /= members.length
  return out
}

/** Standard deviation (of the population) over the members at every place: where the methods disagree. */
export function spreadMap(members: readonly Float64Array[], mean = meanMap(members)): Float64Array {
  const out = new Float64Array(mean.length)
  for (const member of members)
    for (let i = 0; i < out.length; i++) {
      const difference = member[i]! - mean[i]!
      out[i]! += difference * difference
    }
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i]! / members.length)
  return out
}

/** The same function of mean and deviation at every place. */
export function fromMoments(
  members: readonly Float64Array[],
  of: (mean: number, deviation: number, place: number) => number,
): Float64Array {
  const mean = meanMap(members)
  const spread = spreadMap(members, mean)
  return mean.map((value, i) => of(value, spread[i]!, i))
}

/** Sorts a few values in place: insertion, the quickest for them. */
export function sortFew(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!
    let k = i - 1
    for (; k >= 0 && values[k]! > value; k--) values[k + 1] = values[k]!
    values[k + 1] = value
  }
  return values
}
