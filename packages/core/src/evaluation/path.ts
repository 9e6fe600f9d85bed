/** @file The weighted sum of gradients along the straight line from a baseline to the input. */
import { pathProgram, port } from '../programs.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import type { Points, Rows, Sums } from './rows.js'

/** sum_k w_k grad f(b + p_k (x - b)), and f at every position. */
export async function sumPath(
  rows: Rows,
  baseline: Points,
  positions: Float64Array,
  weights: Float64Array,
  step: string,
): Promise<{ sum: Sums; values: Float64Array }> {
  const count = positions.length
  const program = { key: rows.targetKey('path'), make: pathProgram }
  const chunk = rows.chunk(program, count)
  const sum = rows.zeros()
  const values = new Float64Array(count)
  const ends: Record<string, TensorValue> = { ...rows.classFeed() }
  for (const name of rows.at) {
    const { dims, data } = rows.situation.inputs[name]!
    ends[port.input(name)] = { dtype: 'float32', dims, data }
    ends[port.baseline(name)] = { dtype: 'float32', dims, data: baseline[name]! }
  }
  const part = (list: Float64Array, start: number, used: number, fill: number): TensorValue => {
    const data = new Float32Array(chunk).fill(fill)
    data.set(list.subarray(start, start + used))
    return { dtype: 'float32', dims: [chunk], data }
  }
  const feeds = (start: number, used: number): TensorValues => ({
    ...ends,
    [port.positions]: part(positions, start, used, positions[start]!),
    [port.weights]: part(weights, start, used, 0),
  })
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    rows.accumulate(sum, result, port.sum)
    for (let row = 0; row < used; row++) values[start + row] = (result[port.value]!.data as Float32Array)[row]!
    rows.situation.cost.gradients += used
    rows.progress(start + used, count, step)
  })
  return { sum, values }
}
