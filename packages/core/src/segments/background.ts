/** @file What absent features show: one baseline, or the rows of a background. */

import { UsageError } from '../errors.js'
import type { Evaluator, Points } from '../evaluator.js'
import { baselinePoints } from '../methods/integrated-gradients.js'
import type { Options } from '../methods/method.js'
import { float32, type TensorValue } from '../tensor-value.js'

/** Values for one tensor, where the baseline is given as values. */
const valuesFor = (baseline: Exclude<Options['baseline'], string>, name: string): TensorValue<'float32'> | undefined =>
  ArrayBuffer.isView(baseline.data) ? baseline : baseline[name]

/**
 * A baseline as rows. `token:ID` is the embedding of that token in every place, for vectors that are looked up in a table. Values with a leading dimension of several rows are a background: an absent feature shows each in turn, and f is
 * averaged. By name, or with values of one row, there is one.
 * @throws UsageError for an unknown baseline, values that do not fit, or different numbers of rows for different inputs
 */
export function backgroundRows(evaluator: Evaluator, baseline: Options['baseline'], seed: number): readonly Points[] {
  if (typeof baseline === 'string') return [baselinePoints(evaluator, baseline, seed)]
  const counts = evaluator.at.map(name => {
    const rows = (valuesFor(baseline, name)?.data.length ?? 0) / evaluator.inputs[name]!.data.length
    return Number.isInteger(rows) && rows > 1 ? rows : 1
  })
  if (new Set(counts).size > 1)
    throw new UsageError(
      `the background has ${counts.join(', ')} rows for ${evaluator.at.join(', ')}; give the same number for each input`,
    )
  return Array.from({ length: counts[0]! }, (_, row) => {
    if (counts[0] === 1) return baselinePoints(evaluator, baseline, seed)
    const values = evaluator.at.map(name => {
      const { dims, data } = evaluator.inputs[name]!
      return [name, float32(dims, valuesFor(baseline, name)!.data.subarray(row * data.length, (row + 1) * data.length))] as const
    })
    return baselinePoints(evaluator, Object.fromEntries(values), seed)
  })
}
