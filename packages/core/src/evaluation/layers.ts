/** @file Values inside the model for the input itself: read, differentiated, or explained in the input's stead. */
import { elementCount } from '@ascribe/onnx'
import type { Batching } from '../batching.js'
import { boundBatching } from '../bound.js'
import { cut, layerProgram, port, rowDims, valuesProgram } from '../programs.js'
import { valuesKey } from '../session-key.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { checkFinite, type RowProgram, type Rows, type Situation } from './rows.js'

/** One layer for the input: its values and the target's gradient there. */
export interface LayerValues {
  readonly values: Float32Array
  readonly gradient: Float32Array
  readonly dims: readonly number[]
}

const inputPoints = (rows: Rows) => Object.fromEntries(rows.at.map(name => [name, rows.situation.inputs[name]!.data]))

/** Values inside the model (or explained tensors) and the target's gradient at each, in one pass. */
export async function layerValues(rows: Rows, names: readonly string[]): Promise<Record<string, LayerValues>> {
  const { model, cost } = rows.situation
  for (const name of names) model.checkTensor(name)
  const count = rows.rows(1)
  const program: RowProgram = {
    key: rows.targetKey(`layers ${JSON.stringify(names)}`),
    make: source => layerProgram(source, names),
    read: names,
  }
  const source = rows.source(count, names)
  const result = await rows.run(program, count, { ...rows.classFeed(), ...rows.padded(inputPoints(rows), 1, count) })
  cost.gradients += 1
  return Object.fromEntries(
    names.map(name => {
      const dims = rowDims(source, name)
      const row = (key: string): Float32Array => (result[key]!.data as Float32Array).slice(0, elementCount(dims))
      const gradient = row(port.sum(name))
      checkFinite(gradient, name)
      return [name, { values: row(port.layer(name)), gradient, dims }]
    }),
  )
}

/** One row of values of the model at points, as they come. */
export async function valuesAt(
  rows: Rows,
  names: readonly string[],
  points = inputPoints(rows),
): Promise<{ readonly row: (name: string, size: number) => Float32Array }> {
  const count = rows.rows(1)
  const program: RowProgram = { key: valuesKey(names), make: source => valuesProgram(source, names), read: names }
  const result: TensorValues = await rows.run(program, count, rows.padded(points, 1, count))
  rows.situation.cost.forwards += 1
  return { row: (name, size) => (result[`value/${name}`]!.data as Float32Array).slice(0, size) }
}

/**
 * The same target explained at a value inside the model, for one forward pass, with everything else as this input makes it.
 * @throws UsageError for a value that the model does not have, or that is no float
 */
export async function situationInside(rows: Rows, name: string): Promise<Situation> {
  const { situation, at } = rows
  const { model, target, batching } = situation
  model.checkTensor(name)
  const count = rows.rows(1)
  const dims = rowDims(rows.source(count, [name]), name)
  const data = (await valuesAt(rows, [name])).row(name, elementCount(dims))
  const others: Record<string, TensorValue> = { ...situation.inputs }
  for (const [key, value] of Object.entries(situation.fixed)) others[key.slice(port.input('').length)] = value
  delete others[name]
  // What was explained before is an input now, wherever it lies.
  const outside = at.filter(other => other !== name)
  const cutBatching: Batching = {
    ...batching,
    graph: (wanted, keep = []) => cut(batching.graph(wanted, [...outside, ...keep]), outside),
  }
  const bound = boundBatching(cutBatching, others, [name], target.output)
  const needed = new Set(cut(bound.graph(count, [name]), [name]).inputs.map(one => one.name))
  const fixed = Object.fromEntries(
    Object.entries(others).flatMap(([other, value]) => (needed.has(other) ? [[port.input(other), value] as const] : [])),
  )
  return { ...situation, inputs: { [name]: { dtype: 'float32', dims, data } }, fixed, batching: bound }
}
