/** @file What absent features show: one baseline, or the rows of a background. */
import type { Evaluator, Points } from '../evaluator.js'
import { givenRows } from '../methods/background.js'
import type { Options } from '../methods/method.js'
import { baselinePoints } from '../methods/path/integrated-gradients.js'

/**
 * A baseline as rows. Values with a leading dimension of several rows are a background: an absent feature shows each in turn, and f is
 * averaged. By name, or with values of one row, there is one.
 * @throws UsageError for an unknown baseline, values that do not fit, or different numbers of rows for different inputs
 */
export function backgroundRows(evaluator: Evaluator, baseline: Options['baseline'], seed: number): readonly Points[] {
  if (typeof baseline === 'string') return [baselinePoints(evaluator, baseline, seed)]
  const { count, row } = givenRows(evaluator, baseline)
  return Array.from({ length: count }, (_, index) => row(index))
}
