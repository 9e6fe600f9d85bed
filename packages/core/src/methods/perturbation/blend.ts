/** @file Features that are partly there: the target at mixtures of the input and the baseline. */
import type { Evaluator, Points } from '../../evaluator.js'
import { backgroundRows } from '../../segments/background.js'
import type { Game } from '../../segments/game.js'
import type { Segments } from '../../segments/segments.js'
import type { Options } from '../method.js'

/** `auto` as cells of a grid where everything explained is a picture: for methods whose papers mask by a grid. */
export const gridSegments = (evaluator: Evaluator, segments: Segments): Segments =>
  segments === 'auto' && evaluator.at.every(name => evaluator.pictureAxes(name)) ? 'grid:8' : segments

/** The segments option of such methods. */
export const gridOption = {
  kind: 'segments',
  default: 'auto',
  describe: 'features: grid:8, slic:64, tokens, columns, ..., or a label map; auto: grid:8 for pictures, else tokens or columns',
} as const

/**
 * v(m) = mean over background rows b of f(b + m (x - b)), player i at m_i in [0, 1], for rows 0 to count - 1 of weights: `weigh(k, i)` is
 * player i's in row k. Costs `count` forwards times the rows of the baseline.
 */
export async function blendedValues(
  evaluator: Evaluator,
  { players, playerOf }: Game,
  options: Options,
  seed: number,
  count: number,
  weigh: (k: number, player: number) => number,
  step: string,
): Promise<Float64Array> {
  const rows = backgroundRows(evaluator, options['baseline'], seed)
  const sums = new Float64Array(count)
  const fill = (points: Points, at: number, weight: Float64Array, background: Points): void => {
    for (const name of evaluator.at) {
      const { data } = evaluator.inputs[name]!
      const [out, absent, player, start] = [points[name]!, background[name]!, playerOf[name]!, at * data.length]
      for (let i = 0; i < data.length; i++) {
        const m = player[i]! < 0 ? 1 : weight[player[i]!]!
        // Exactly the input or the baseline at the ends.
        out[start + i] = m === 1 ? data[i]! : absent[i]! + m * (data[i]! - absent[i]!)
      }
    }
  }
  await evaluator.sweep(
    count * rows.length,
    (start, used) => {
      const points = Object.fromEntries(
        evaluator.at.map(name => [name, new Float32Array(used * evaluator.inputs[name]!.data.length)]),
      )
      for (let row = 0; row < used; row++) {
        const k = Math.floor((start + row) / rows.length)
        const weight = Float64Array.from({ length: players }, (_, i) => weigh(k, i))
        fill(points, row, weight, rows[(start + row) % rows.length]!)
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
