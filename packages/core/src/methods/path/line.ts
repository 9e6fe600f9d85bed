/** @file Rows of points on straight lines between two ends. */
import type { Evaluator, Points } from '../../evaluator.js'

/** The two ends of one row's line, and how far along it the row lies (0 at `from`, 1 at `to`). */
export interface LinePoint {
  readonly from: Points
  readonly to: Points
  readonly position: number
}

/** `count` rows from + position (to - from), one after another. */
export function linePoints(evaluator: Evaluator, count: number, at: (row: number) => LinePoint): Points {
  const sizes = Object.entries(evaluator.inputs).map(([name, { data }]) => [name, data.length] as const)
  const out = Object.fromEntries(sizes.map(([name, size]) => [name, new Float32Array(count * size)]))
  for (let row = 0; row < count; row++) {
    const { from, to, position } = at(row)
    for (const [name, size] of sizes) {
      const [rows, start, end] = [out[name]!, from[name]!, to[name]!]
      for (let i = 0; i < size; i++)
        rows[row * size + i] = position === 1 ? end[i]! : start[i]! + position * (end[i]! - start[i]!)
    }
  }
  return out
}

/** Double-precision sums, one per value of the explained tensors. */
export const zeroSums = (evaluator: Evaluator): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(evaluator.inputs).map(([name, { data }]) => [name, new Float64Array(data.length)]))
