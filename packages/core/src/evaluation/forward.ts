/** @file Values of the target, or of any output, at many rows of points. */
import { valuesProgram } from '../programs.js'
import { valuesKey } from '../session-key.js'
import { targetOutputs, targetValue } from '../target.js'
import type { Points, RowProgram, Rows } from './rows.js'

/**
 * Chosen values of the model at `count` rows of points, made and used chunk by chunk: `use(row, values)` takes one row's, by name, in order.
 */
export async function sweepValues(
  rows: Rows,
  names: readonly string[],
  count: number,
  make: (start: number, used: number) => Points,
  use: (row: number, values: Readonly<Record<string, Float32Array>>) => void,
  step?: string,
): Promise<void> {
  const program: RowProgram = { key: valuesKey(names), make: source => valuesProgram(source, names), read: names }
  const { batching, cost } = rows.situation
  const chunk = rows.chunk(program, count)
  const feeds = (start: number, used: number) => rows.padded(make(start, used), used, chunk)
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    const data = names.map(name => result[`value/${name}`]!.data as Float32Array)
    for (let row = 0; row < used; row++)
      use(
        start + row,
        Object.fromEntries(
          names.map((name, i) => {
            const size = batching.batched ? data[i]!.length / chunk : data[i]!.length
            return [name, data[i]!.subarray(row * size, (row + 1) * size)]
          }),
        ),
      )
    cost.forwards += used
    rows.progress(start + used, count, step)
  })
}

/** f at `count` rows of points: `use(start, values)` takes f of one chunk. */
export async function sweepTarget(
  rows: Rows,
  count: number,
  make: (start: number, used: number) => Points,
  use: (start: number, values: Float64Array) => void,
  step?: string,
): Promise<void> {
  const { target, batching, cost } = rows.situation
  const names = targetOutputs(target)
  const program: RowProgram = { key: valuesKey(names), make: source => valuesProgram(source, names) }
  const chunk = rows.chunk(program, count)
  const feeds = (start: number, used: number) => rows.padded(make(start, used), used, chunk)
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    const all = names.map(name => {
      const data = result[`value/${name}`]!.data as Float32Array
      return { name, data, size: batching.batched ? data.length / chunk : data.length }
    })
    use(
      start,
      Float64Array.from({ length: used }, (_, row) =>
        targetValue(
          target,
          Object.fromEntries(all.map(({ name, data, size }) => [name, data.subarray(row * size, (row + 1) * size)])),
        ),
      ),
    )
    cost.forwards += used
    rows.progress(start + used, count, step)
  })
}
