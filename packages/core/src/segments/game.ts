/** @file The game that perturbation methods play: players are features, a coalition's worth is the target with the other features absent. */
import type { Evaluator, Points } from '../evaluator.js'
import { mapsOf } from '../methods/maps.js'
import type { MethodResult, OptionSpec, Options } from '../methods/method.js'
import { backgroundRows } from './background.js'
import { featuresOf } from './index.js'

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
      'what absent features show: zeros, constant:V, mean, blur:SIGMA, uniform, or values; several rows are averaged over',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Writes 1 for every player of coalition `k` that is present into `present`, which comes filled with 0. The same for every call with `k`. */
type Coalition = (k: number, present: Uint8Array) => void

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
  values(count: number, coalition: Coalition, step: string): Promise<Float64Array>
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
  const slots = Object.fromEntries(
    evaluator.at.map(name => [name, playerOf[name]!.map(player => (player < 0 ? players : player))]),
  )
  // One more entry, always present, for elements of no player.
  const present = new Uint8Array(players + 1)

  const fill = (points: Points, row: number, background: Points): void => {
    for (const name of evaluator.at) {
      const { data } = evaluator.inputs[name]!
      const [out, absent, slot, start] = [points[name]!, background[name]!, slots[name]!, row * data.length]
      for (let i = 0; i < data.length; i++) out[start + i] = present[slot[i]!] === 1 ? data[i]! : absent[i]!
    }
  }

  const values = async (count: number, coalition: Coalition, step: string): Promise<Float64Array> => {
    const sums = new Float64Array(count)
    if (count === 0) return sums
    await evaluator.sweep(
      count * rows.length,
      (start, used) => {
        const points = Object.fromEntries(
          evaluator.at.map(name => [name, new Float32Array(used * evaluator.inputs[name]!.data.length)]),
        )
        let drawn = -1
        for (let row = 0; row < used; row++) {
          const k = Math.floor((start + row) / rows.length)
          if (k !== drawn) {
            present.fill(0, 0, players)
            present[players] = 1
            coalition(k, present)
            drawn = k
          }
          fill(points, row, rows[(start + row) % rows.length]!)
        }
        return points
      },
      (start, found) => {
        found.forEach((value, row) => {
          sums[Math.floor((start + row) / rows.length)]! += value / rows.length
        })
      },
      step,
    )
    return sums
  }

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
