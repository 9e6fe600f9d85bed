/** @file The game that perturbation methods play: players are features, a coalition's worth is the target with the other features absent. */
import type { Evaluator, Points } from '../evaluator.js'
import { mapsOf } from '../methods/maps.js'
import type { MethodResult, OptionSpec, Options } from '../methods/method.js'
import { backgroundRows } from './background.js'
import { featuresOf } from './index.js'
import { type CoalitionValues, maskedValues } from './masked.js'

/** Options that every perturbation of segments takes. */
export const gameOptions = {
  segments: {
    kind: 'segments',
    default: 'auto',
    describe:
      'features: grid:8, slic:64, pixels, tokens, columns, elements, ..., or a label map; auto: slic:64, tokens or columns',
  },
  baseline: {
    kind: 'baseline',
    default: 'zeros',
    describe:
      'what absent features show: zeros, constant:V, mean, blur:SIGMA, uniform, token:ID (its embedding), or values; several rows are averaged over',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/**
 * v(S) = mean over background rows b of f(x where features of S are present, b elsewhere), in double precision. Features that show
 * the same present and absent are no players: each is worth nothing to any coalition.
 */
export interface Game {
  readonly players: number
  /** v of all players: f(x). */
  readonly everybody: number
  /** Player of every element, by tensor; -1 for elements that are never absent, or the same absent. */
  readonly playerOf: Readonly<Record<string, Int32Array>>
  /** v of no player. */
  nobody(): Promise<number>
  /** v of coalitions 0 to count - 1, in chunks: no more rows are made at a time than run together. */
  readonly values: CoalitionValues
  /** Every element gets its player's worth. With `nobody`, the sum of all worths is held against f(x) - v(nobody). */
  result(worths: ArrayLike<number>, nobody?: number): MethodResult
}

/** The features that background rows can change, as players 0 to count - 1; elements of no player are at -1. */
function playersOf(evaluator: Evaluator, rows: readonly Points[], labels: Readonly<Record<string, Int32Array>>) {
  const numbers = new Map<number, number>()
  for (const name of evaluator.at) {
    const { data } = evaluator.inputs[name]!
    labels[name]!.forEach((label, i) => {
      if (label >= 0 && !numbers.has(label) && rows.some(row => row[name]![i] !== data[i])) numbers.set(label, numbers.size)
    })
  }
  const players = Object.fromEntries(
    evaluator.at.map(name => [name, labels[name]!.map(label => (label >= 0 ? (numbers.get(label) ?? -1) : -1))]),
  )
  return { count: numbers.size, players }
}

/** The game of one input. Throws UsageError for segments or a baseline that do not fit. */
export function gameOf(evaluator: Evaluator, options: Options, seed: number): Game {
  const features = featuresOf(evaluator, options['segments'])
  const rows = backgroundRows(evaluator, options['baseline'], seed)
  const { count: players, players: playerOf } = playersOf(evaluator, rows, features.labels)
  const values = maskedValues(evaluator, playerOf, players, rows)

  let empty: Promise<number> | undefined
  return {
    players,
    everybody: evaluator.value,
    nobody: () => (empty ??= values(1, () => {}, 'baseline').then(found => found[0]!)),
    playerOf,
    values,
    result: (worths, nobody) => ({
      maps: mapsOf(evaluator, (name, i) => {
        const player = playerOf[name]![i]!
        return player < 0 ? 0 : worths[player]!
      }),
      ...(nobody === undefined ? {} : { baselineValue: nobody }),
      total: Array.from(worths).reduce((sum, worth) => sum + worth, 0),
      settled: { features: features.count },
    }),
  }
}
