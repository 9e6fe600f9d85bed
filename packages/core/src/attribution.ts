/** @file The result of a method: raw values, and the numbers that say how far to trust them. */
import type { ResolvedTarget } from './target.js'

/** Raw attribution values for one explained tensor; never normalised, never clipped. */
export interface AttributionMap {
  readonly values: Float32Array
  readonly dims: readonly number[]
}

/** What an explanation cost. */
export interface Cost {
  /** Rows passed forward only. */
  forwards: number
  /** Rows passed forward and backward. */
  gradients: number
  milliseconds: number
}

export interface Attribution {
  /** Maps by name of the explained tensor. */
  readonly maps: Readonly<Record<string, AttributionMap>>
  /** The only map's values, where there is one. */
  readonly values: Float32Array
  readonly dims: readonly number[]
  /** Where features were selected one after another: for every value of each map, when its feature was (0: first; -1: it is no feature). */
  readonly order?: Readonly<Record<string, Int32Array>>
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  readonly target: ResolvedTarget
  readonly seed: number
  /** f(x): the target's value at the input. */
  readonly value: number
  /** f(baseline), where the method has one. */
  readonly baselineValue?: number
  /** f(x) - f(baseline) - sum of all values, where the method promises that this is zero. */
  readonly residual?: number
  readonly cost: Readonly<Cost>
  /** What a reader should know before trusting the result. */
  readonly warnings: readonly string[]
}

/** |residual| relative to |f(x) - f(baseline)|; the absolute residual where that difference is below 1e-6 of the values' scale. */
export function relativeResidual(attribution: Pick<Attribution, 'residual' | 'value' | 'baselineValue'>): number | undefined {
  if (attribution.residual === undefined || attribution.baselineValue === undefined) return undefined
  const difference = Math.abs(attribution.value - attribution.baselineValue)
  const scale = Math.max(1, Math.abs(attribution.value), Math.abs(attribution.baselineValue))
  return Math.abs(attribution.residual) / (difference > 1e-6 * scale ? difference : scale)
}
