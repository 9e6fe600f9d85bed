/** @file Values of the target, or of any output, at many rows of points. */
import type { GraphBuilder } from '@ascribe/onnx'
import { finish, type ProgramSource, rebind, valuesProgram } from '../programs.js'
import { valuesKey } from '../session-key.js'
import { targetOutputs, targetValue } from '../target.js'
import type { TensorValues } from '../tensor-value.js'
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
  const names = targetOutputs(rows.situation.target)
  const program: RowProgram = { key: valuesKey(names), make: source => valuesProgram(source, names) }
  const chunk = rows.chunk(program, count)
  const feeds = (start: number, used: number) => rows.padded(make(start, used), used, chunk)
  await sweepProgram(rows, program, chunk, count, feeds, use, step)
}

/** Gives the rows of one explained tensor, [rows, ...], from inputs that it declares. */
export type RowBinder = (source: ProgramSource, builder: GraphBuilder, name: string) => string

/** The graph with the rows of each explained tensor made by `bind`. */
export const bindRows = (source: ProgramSource, bind: RowBinder): GraphBuilder =>
  rebind(source, (builder, name) => bind(source, builder, name))

/**
 * A program that makes its rows itself: `bind` gives the rows of each explained tensor, [rows, ...], from inputs that it declares.
 * @param key tells `bind` from others
 */
export function madeRows(rows: Rows, key: string, bind: RowBinder): RowProgram {
  const names = targetOutputs(rows.situation.target)
  return {
    key: `${key} ${valuesKey(names)}`,
    make: source =>
      finish(
        bindRows(source, bind),
        names.map(name => [name, `value/${name}`] as const),
      ),
  }
}

/** f at `count` rows that a program makes of feeds, `chunk` rows at a time: `use(start, values)` takes f of one chunk. */
export async function sweepProgram(
  rows: Rows,
  program: RowProgram,
  chunk: number,
  count: number,
  feeds: (start: number, used: number) => TensorValues,
  use: (start: number, values: Float64Array) => void,
  step?: string,
): Promise<void> {
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    use(start, targetValues(rows, result, chunk, used))
    rows.situation.cost.forwards += used
    rows.progress(start + used, count, step)
  })
}

/** f of the first `used` rows of a run of `chunk`. */
function targetValues({ situation }: Rows, result: TensorValues, chunk: number, used: number): Float64Array {
  const { target, batching } = situation
  const outputs = targetOutputs(target).map(name => {
    const data = result[`value/${name}`]!.data as Float32Array
    return { name, data, size: batching.batched ? data.length / chunk : data.length }
  })
  if (target.link !== 'logit')
    return Float64Array.from({ length: used }, (_, row) =>
      targetValue(
        target,
        Object.fromEntries(outputs.map(({ name, data, size }) => [name, data.subarray(row * size, (row + 1) * size)])),
      ),
    )
  // Tables bring a hundred thousand rows of one number: nothing is made for each.
  const [{ data, size }] = outputs as [(typeof outputs)[0]]
  const values = new Float64Array(used)
  for (const { index, weight } of target.classes)
    for (let row = 0, at = index; row < used; row++, at += size) values[row]! += weight * data[at]!
  return values
}
