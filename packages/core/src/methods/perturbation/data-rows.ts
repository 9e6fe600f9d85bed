/** @file Rows of a data set that an option gives. */
import type { Baseline } from '../../baseline.js'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { backgroundRows } from '../../segments/background.js'
import { backgroundSize } from '../background.js'
import type { Options } from '../method.js'

/** Name of no data set. */
export const noData = 'none'

/**
 * The rows of option `data`; none where it says so.
 * @throws UsageError for the name of a baseline, or rows that do not fit
 */
export function dataRows(evaluator: Evaluator, options: Options, method: string): readonly Points[] {
  const data: Baseline = options['data']
  if (data === noData) return []
  if (typeof data === 'string')
    throw new UsageError(`${method}: data="${data}" is no data set; give values, [rows, ...] of the input's dims (an .npy file)`)
  return backgroundRows(evaluator, data, 0)
}

/** How many rows the option gives, for the cost that is stated before a run. */
export const dataSize = (data: Baseline): number => (data === noData ? 0 : backgroundSize(data, 1))
