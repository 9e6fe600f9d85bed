/** @file The bootstrap of many means over the same pictures: resamples are drawn once, and each picture's source counts for all of its pictures. */
import { quantileOfSorted, resampled } from '../statistics/index.js'

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

const level = 0.95

/** Numbers and intervals are those of `bootstrapMean`, `bootstrapDifference`, `bootstrapRatio` and `bootstrapPValue` with the same seed. */
export class Resamples {
  readonly #cluster: Int32Array
  readonly #sizes: Float64Array
  /** How often each source is drawn, resample after resample. */
  readonly #drawn: readonly Float64Array[]
  /** Pictures of each resample. */
  readonly #rows: Float64Array

  /** @param resamples default 2,000 */
  constructor(sources: readonly string[], seed: number, resamples?: number) {
    const numbers = new Map<string, number>()
    this.#cluster = Int32Array.from(sources, source => {
      if (!numbers.has(source)) numbers.set(source, numbers.size)
      return numbers.get(source)!
    })
    this.#sizes = new Float64Array(numbers.size)
    for (const cluster of this.#cluster) this.#sizes[cluster]!++
    const drawn: Float64Array[] = []
    for (const rows of resampled(sources, { seed, ...(resamples !== undefined && { resamples }) })) {
      const counts = new Float64Array(numbers.size)
      for (const row of rows) counts[this.#cluster[row]!]! += 1 / this.#sizes[this.#cluster[row]!]!
      drawn.push(counts.map(Math.round))
    }
    this.#drawn = drawn
    this.#rows = Float64Array.from(drawn, counts => counts.reduce((sum, count, c) => sum + count * this.#sizes[c]!, 0))
  }

  /** Sum of the values in each resample. */
  #sums(values: readonly number[]): Float64Array {
    const sums = new Float64Array(this.#sizes.length)
    for (let i = 0; i < values.length; i++) sums[this.#cluster[i]!]! += values[i]!
    return Float64Array.from(this.#drawn, counts => {
      let sum = 0
      for (let c = 0; c < counts.length; c++) sum += counts[c]! * sums[c]!
      return sum
    })
  }

  #interval(value: number, draws: Float64Array): Interval {
    const sorted = draws.filter(draw => !Number.isNaN(draw)).sort()
    const end = (share: number): number => (sorted.length === 0 ? Number.NaN : quantileOfSorted(sorted, share))
    return { value, low: end((1 - level) / 2), high: end((1 + level) / 2) }
  }

  /** Mean of the values, and the p-value of its being 0. */
  mean(values: readonly number[]): Interval & { readonly p: number } {
    const draws = this.#sums(values).map((sum, r) => sum / this.#rows[r]!)
    let [below, above] = [0, 0]
    for (const draw of draws) {
      if (draw <= 0) below++
      if (draw >= 0) above++
    }
    const p = draws.length === 0 ? Number.NaN : Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + draws.length))
    return { ...this.#interval(meanOf(values), draws), p }
  }

  /** Mean of first_i - second_i. */
  difference(first: readonly number[], second: readonly number[]): Interval & { readonly p: number } {
    return this.mean(first.map((value, i) => value - second[i]!))
  }

  /** Mean of the first over mean of the second. */
  ratio(first: readonly number[], second: readonly number[]): Interval {
    const [above, below] = [this.#sums(first), this.#sums(second)]
    return this.#interval(
      meanOf(first) / meanOf(second),
      above.map((sum, r) => (below[r] === 0 ? Number.NaN : sum / below[r]!)),
    )
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
