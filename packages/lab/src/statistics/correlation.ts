/** @file Correlation of two columns: Pearson, Spearman and Kendall. NaN where either column does not vary or holds a NaN. */
import { InputError } from '@ascribe/core'
import { sampleCorrelation, sampleRankCorrelation } from 'simple-statistics'

/** Of two columns of equal length, in [-1, 1]. */
export type Correlation = (x: ArrayLike<number>, y: ArrayLike<number>) => number

const limited = (value: number): number => Math.max(-1, Math.min(1, value))

function columns(x: ArrayLike<number>, y: ArrayLike<number>): [number[], number[]] {
  if (x.length !== y.length) throw new InputError(`a correlation needs columns of equal length, not ${x.length} and ${y.length}`)
  return [Array.from(x), Array.from(y)]
}

const varies = (values: readonly number[]): boolean =>
  values.some(value => value !== values[0]) && !values.some(value => Number.isNaN(value))

const where =
  (compute: (x: number[], y: number[]) => number): Correlation =>
  (x, y) => {
    const [a, b] = columns(x, y)
    return varies(a) && varies(b) ? limited(compute(a, b)) : Number.NaN
  }

/** Product-moment correlation. @throws InputError where the lengths differ */
export const pearson: Correlation = where(sampleCorrelation)

/** Pearson correlation of ranks; equal values share the mean of their ranks. @throws InputError where the lengths differ */
export const spearman: Correlation = where(sampleRankCorrelation)

/**
 * Kendall's tau-b: (concordant - discordant) / sqrt((pairs - ties in x)(pairs - ties in y)).
 * @throws InputError where the lengths differ
 */
export const kendall: Correlation = where((x, y) => {
  let balance = 0
  let untiedX = 0
  let untiedY = 0
  for (let i = 1; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const dx = Math.sign(x[i]! - x[j]!)
      const dy = Math.sign(y[i]! - y[j]!)
      balance += dx * dy
      untiedX += Math.abs(dx)
      untiedY += Math.abs(dy)
    }
  }
  return balance / Math.sqrt(untiedX * untiedY)
})
