/** @file The shape of a normaliser: how one map is brought to a scale on which maps of different methods compare. */
import type { OptionSpecs, Options } from '../methods/method.js'

/** Scales the values of one map of one picture: nothing is shared between maps or pictures. */
export interface Normaliser {
  readonly name: string
  /** One line for lists. */
  readonly summary: string
  /** The exact formula, and what becomes of a map that does not vary. */
  readonly formula: string
  readonly options: OptionSpecs
  readonly scale: (values: Float64Array, options: Options) => Float64Array
}

/** Every value times `factor`; zeros where the factor is not finite, that is, where there is nothing to scale by. */
export const scaled = (values: Float64Array, factor: number, offset = 0): Float64Array =>
  Number.isFinite(factor) ? values.map(value => (value - offset) * factor) : new Float64Array(values.length)

export function rangeOf(values: Float64Array): readonly [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

/** Whether all values are equal: rounding of their mean must not pass for a deviation. */
export const isFlat = (values: Float64Array): boolean => values.every(value => value === values[0])

/** (v - min) / (max - min); zeros where all values are equal. */
export const toUnitRange = (values: Float64Array): Float64Array => {
  const [low, high] = rangeOf(values)
  return scaled(values, 1 / (high - low), low)
}

export const meanOf = (values: Float64Array, of: (value: number) => number = value => value): number => {
  let sum = 0
  for (const value of values) sum += of(value)
  return sum / values.length
}
