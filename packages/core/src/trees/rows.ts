/** @file TreeSHAP of a whole table at once. */
import { AbortedError, InputError, UsageError } from '../errors.js'
import { resolveOptions } from '../methods/method.js'
import { treeShap } from '../methods/trees/tree-shap.js'
import type { Model } from '../model.js'
import { type PrepareOptions, prepare } from '../prepare.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { emptyMargin, explainedTrees, marginAt, shapleyOf } from './explained.js'
import { playersOf } from './players.js'

export interface TreeShapRowsOptions extends PrepareOptions {
  readonly background?: string | TensorValue<'float32'> | Readonly<Record<string, TensorValue<'float32'>>>
  readonly game?: 'auto' | 'interventional' | 'path-dependent'
  readonly seed?: number
}

export interface TreeShapRows {
  /** By explained input: one value for each of its elements, dims as in the rows. */
  readonly maps: Readonly<Record<string, { readonly values: Float64Array; readonly dims: readonly number[] }>>
  /** The margin at each row. */
  readonly margins: Float64Array
  /** The margin of the empty coalition; each row's values add up to its margin minus this. */
  readonly baselineValue: number
  readonly warnings: readonly string[]
}

/** Rows between two looks at the signal. */
const breath = 64

/**
 * The values of `tree-shap` for many rows, without a run of the model for each: the trees are read and prepared once, and what they give for the
 * first row is held against the model's own output. The target that is predicted is the first row's.
 * @param rows every model input, all rows one after another, [rows, ...]
 * @throws UsageError where tree-shap does, and where a value inside the model is to be explained; InputError for inputs of different row counts
 */
export async function treeShapRows(model: Model, rows: TensorValues, options: TreeShapRowsOptions = {}): Promise<TreeShapRows> {
  const { background, game, seed = 0, ...prepareOptions } = options
  const settings = resolveOptions(treeShap, { ...(background === undefined ? {} : { background }), ...(game ? { game } : {}) })
  const counts = Object.entries(rows).map(([name, { dims }]) => ({ name, count: dims[0] ?? 0 }))
  const count = counts[0]?.count ?? 0
  const other = counts.find(entry => entry.count !== count)
  if (other) throw new InputError(`"${other.name}" has ${other.count} rows, "${counts[0]!.name}" has ${count}; give as many`)
  if (count === 0) throw new InputError('there are no rows to explain')
  const sizeOf = (value: TensorValue): number => value.data.length / count
  const first = Object.fromEntries(
    Object.entries(rows).map(([name, value]) => [
      name,
      { ...value, dims: [1, ...value.dims.slice(1)], data: value.data.slice(0, sizeOf(value)) } as TensorValue,
    ]),
  )
  const evaluator = await prepare(model, first, prepareOptions)
  const inner = evaluator.at.find(name => !rows[name])
  if (inner !== undefined) throw new UsageError(`"${inner}" lies inside the model; rows are explained at its inputs`)
  const explained = explainedTrees(evaluator, settings, seed)
  const { first: starts, count: players } = playersOf(evaluator)
  const shapley = shapleyOf(explained)
  const maps = Object.fromEntries(
    evaluator.at.map(name => [name, { values: new Float64Array(rows[name]!.data.length), dims: rows[name]!.dims }]),
  )
  const margins = new Float64Array(count)
  const x = new Float64Array(players)
  for (let row = 0; row < count; row++) {
    if (row % breath === 0) {
      if (row > 0) await new Promise(resolve => setTimeout(resolve))
      if (options.signal?.aborted) throw new AbortedError('interrupted')
      options.onProgress?.({ done: row, total: count, step: 'rows' })
    }
    for (const [name, start] of starts) {
      const size = sizeOf(rows[name]!)
      x.set((rows[name]!.data as Float32Array).subarray(row * size, (row + 1) * size), start)
    }
    margins[row] = marginAt(explained, x)
    const values = shapley(x)
    for (const [name, start] of starts) {
      const size = sizeOf(rows[name]!)
      maps[name]!.values.set(values.subarray(start, start + size), row * size)
    }
  }
  return { maps, margins, baselineValue: emptyMargin(explained), warnings: evaluator.warnings }
}
