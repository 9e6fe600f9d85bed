/** @file Attribution maps of the explained tensors, element by element. */
import type { AttributionMap } from '../attribution.js'
import type { Evaluator } from '../evaluator.js'

/** One map per explained tensor, of its own dims. */
export function mapsOf(evaluator: Evaluator, value: (name: string, index: number) => number): Record<string, AttributionMap> {
  return Object.fromEntries(
    Object.entries(evaluator.inputs).map(([name, { dims, data }]) => {
      // A loop: Float32Array.from with a function takes ten times as long, and adaptive methods come here in every round.
      const values = new Float32Array(data.length)
      for (let i = 0; i < values.length; i++) values[i] = value(name, i)
      return [name, { dims, values }]
    }),
  )
}
