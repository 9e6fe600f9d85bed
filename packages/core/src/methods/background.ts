/** @file A set of baselines: rows that are given, one fixed baseline, or a fresh draw for every sample. */
import { type Baseline, makeBaseline } from '../baseline.js'
import { UsageError } from '../errors.js'
import type { Evaluator, Points } from '../evaluator.js'
import { Random } from '../random.js'
import { float32, type TensorValue } from '../tensor-value.js'
import { baselinePoints } from './path/integrated-gradients.js'

/** First stream of the seeds of drawn baselines. */
const drawStream = 2 ** 42

export interface Background {
  readonly count: number
  readonly row: (index: number) => Points
}

/** Whether two seeds give two baselines. */
function isDrawn(baseline: string): boolean {
  const probe = float32([1, 1, 1, 2], [0, 1])
  const [first, second] = [0, 1].map(seed => makeBaseline(baseline, 'probe', probe, seed))
  return first!.some((value, i) => value !== second![i])
}

const tensorsOf = (baseline: Exclude<Baseline, string>): readonly TensorValue<'float32'>[] =>
  'data' in baseline && 'dims' in baseline
    ? [baseline as TensorValue<'float32'>]
    : Object.values(baseline as Record<string, TensorValue<'float32'>>)

/** Number of different baselines among `samples` draws, from the leading dimension where values are given. */
export const backgroundSize = (baseline: Baseline, samples: number): number =>
  typeof baseline === 'string' ? (isDrawn(baseline) ? samples : 1) : (tensorsOf(baseline)[0]?.dims[0] ?? 1)

/**
 * The rows of values given: one or several, [rows, ...], as many for every explained tensor; row k of all of them together is one baseline.
 * @throws UsageError for values that are not whole rows of the input's size, or different numbers of rows
 */
export function givenRows(evaluator: Evaluator, baseline: Exclude<Baseline, string>): Background {
  const single = 'data' in baseline && 'dims' in baseline
  const sets = Object.entries(evaluator.inputs).map(([name, { data, dims }]) => {
    const given = (single ? baseline : (baseline as Record<string, TensorValue<'float32'>>)[name]) as
      | TensorValue<'float32'>
      | undefined
    if (!given) throw new UsageError(`the baselines have no values for input "${name}"`)
    const rows = given.data.length / data.length
    if (!Number.isInteger(rows) || rows < 1)
      throw new UsageError(
        `the baselines for "${name}" have dims [${given.dims}]; give whole rows of the input's dims [${dims}], one after another`,
      )
    return { name, size: data.length, values: given.data, rows }
  })
  const count = sets[0]!.rows
  const other = sets.find(({ rows }) => rows !== count)
  if (other)
    throw new UsageError(
      `the baselines have ${count} rows for "${sets[0]!.name}" and ${other.rows} for "${other.name}"; give as many`,
    )
  const row = (index: number): Points =>
    Object.fromEntries(sets.map(({ name, size, values }) => [name, values.subarray(index * size, (index + 1) * size)]))
  return { count, row }
}

/**
 * The baselines to draw from: those given, or `samples` draws of a random kind (`uniform`), draw k from seed and k only.
 * @throws UsageError for an unknown baseline, and where `givenRows` does
 */
export function backgroundOf(evaluator: Evaluator, baseline: Baseline, samples: number, seed: number): Background {
  if (typeof baseline !== 'string') return givenRows(evaluator, baseline)
  if (isDrawn(baseline)) {
    const row = (index: number): Points =>
      baselinePoints(evaluator, baseline, new Random(seed, drawStream + index).integer(2 ** 31))
    return { count: samples, row }
  }
  const only = baselinePoints(evaluator, baseline, seed)
  return { count: 1, row: () => only }
}
