/** @file The target and its gradient at many rows of points, row by row or summed. */
import { baselineValuePort, pairProgram } from '../pair-program.js'
import { gradientProgram, momentsProgram, port } from '../programs.js'
import type { TensorValues } from '../tensor-value.js'
import { checkFinite, type Points, type Rows, type Sums } from './rows.js'

/** The gradients (or multipliers) that one run gives, checked. */
const readGradients = (rows: Rows, result: TensorValues): Points =>
  Object.fromEntries(
    rows.at.map(name => {
      const values = result[port.sum(name)]!.data as Float32Array
      checkFinite(values, name)
      return [name, values]
    }),
  )

/** f and its gradient at `count` rows: `use(row, value, gradients)` takes one row's, in order. */
export async function sweepGradients(
  rows: Rows,
  count: number,
  make: (start: number, used: number) => Points,
  use: (row: number, value: number, gradients: Points) => void,
  step?: string,
): Promise<void> {
  const program = { key: rows.targetKey('gradient'), make: gradientProgram }
  const chunk = rows.chunk(program, count)
  const feeds = (start: number, used: number): TensorValues => ({
    ...rows.classFeed(),
    ...rows.padded(make(start, used), used, chunk),
  })
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    const found = readGradients(rows, result)
    const values = result[port.value]!.data as Float32Array
    for (let row = 0; row < used; row++) use(start + row, values[row]!, rows.part(found, row, 1))
    rows.situation.cost.gradients += used
    rows.progress(start + used, count, step)
  })
}

/** f and multipliers for `count` pairs of an input and a baseline, with rules that compare the two. */
export async function sweepPairs(
  rows: Rows,
  count: number,
  make: (start: number, used: number) => { readonly inputs: Points; readonly baselines: Points },
  use: (row: number, value: number, baselineValue: number, multipliers: Points) => void,
  step?: string,
): Promise<void> {
  const program = { key: rows.targetKey('pairs'), make: pairProgram }
  const chunk = rows.chunk(program, count)
  const { cost } = rows.situation
  const feeds = (start: number, used: number): TensorValues => {
    const { inputs, baselines } = make(start, used)
    return {
      ...rows.classFeed(),
      ...rows.padded(inputs, used, chunk),
      ...rows.padded(baselines, used, chunk, port.baseline),
    }
  }
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    const found = readGradients(rows, result)
    const read = (name: string): Float32Array => result[name]!.data as Float32Array
    for (let row = 0; row < used; row++)
      use(start + row, read(port.value)[row]!, read(baselineValuePort)[row]!, rows.part(found, row, 1))
    cost.gradients += used
    cost.forwards += used
    rows.progress(start + used, count, step)
  })
}

/** sum_k w grad f(x_k) and sum_k w grad f(x_k)^2 over `count` rows; sums across chunks are in double precision. */
export async function sumMoments(
  rows: Rows,
  count: number,
  weight: number,
  make: (start: number, used: number) => Points,
  step: string,
): Promise<{ sum: Sums; squares: Sums }> {
  const program = { key: rows.targetKey('moments'), make: momentsProgram }
  const chunk = rows.chunk(program, count)
  const sum = rows.zeros()
  const squares = rows.zeros()
  const feeds = (start: number, used: number): TensorValues => ({
    ...rows.classFeed(),
    ...rows.padded(make(start, used), used, chunk),
    [port.weights]: { dtype: 'float32', dims: [chunk], data: new Float32Array(chunk).fill(weight, 0, used) },
  })
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    rows.accumulate(sum, result, port.sum)
    rows.accumulate(squares, result, port.squares)
    rows.situation.cost.gradients += used
    rows.progress(start + used, count, step)
  })
  return { sum, squares }
}
