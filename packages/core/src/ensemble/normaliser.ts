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
  /** Its values are ranks from 0 to 1, so that those who rank them again find the same. */
  readonly ranks?: true
  readonly scale: (values: Float64Array, options: Options) => Float64Array
}

/** (v - offset) factor for every value; zeros where the factor is not finite, that is, where there is nothing to scale by. */
export function scaled(values: Float64Array, factor: number, offset = 0): Float64Array {
  const out = new Float64Array(values.length)
  if (Number.isFinite(factor)) for (let i = 0; i < out.length; i++) out[i] = (values[i]! - offset) * factor
  return out
}

export function rangeOf(values: Float64Array): readonly [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

/** Whether all values are equal: rounding of their mean must not pass for a deviation. */
export function isFlat(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false
  return true
}

/** Values below `low` and above `high` are set to these. */
export function clipped(values: Float64Array, low: number, high: number): Float64Array {
  const out = new Float64Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = Math.min(high, Math.max(low, values[i]!))
  return out
}

/** (v - min) / (max - min); zeros where all values are equal. */
export const toUnitRange = (values: Float64Array): Float64Array => {
  const [low, high] = rangeOf(values)
  return scaled(values, 1 / (high - low), low)
}

export function meanOf(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Mean of |v - centre|. */
export function meanDistance(values: Float64Array, centre = 0): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]! - centre)
  return sum / values.length
}

/** Mean of (v - centre)^2. */
export function meanSquare(values: Float64Array, centre = 0): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const distance = values[i]! - centre
    sum += distance * distance
  }
  return sum / values.length
}
