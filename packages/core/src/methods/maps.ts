/** @file Attribution maps of the explained tensors, element by element. */
import type { AttributionMap } from '../attribution.js'
import type { Evaluator } from '../evaluator.js'

/** One map per explained tensor, of its own dims. */
export function mapsOf(evaluator: Evaluator, value: (name: string, index: number) => number): Record<string, AttributionMap> {
  return Object.fromEntries(
    Object.entries(evaluator.inputs).map(([name, { dims, data }]) => [
      name,
      { dims, values: Float32Array.from(data, (_, i) => value(name, i)) },
    ]),
  )
}
