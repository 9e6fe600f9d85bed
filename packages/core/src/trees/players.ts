/** @file Players: every element of the explained tensors, tensor after tensor. */
import type { Baseline } from '../baseline.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { baselinePoints } from '../methods/integrated-gradients.js'
import { mapsOf } from '../methods/maps.js'
import type { MethodResult } from '../methods/method.js'
import type { TensorValue } from '../tensor-value.js'
import type { Background } from './interventional.js'

/** The first player of every explained tensor, and how many there are. */
export function playersOf({ at, inputs }: Evaluator): { readonly first: ReadonlyMap<string, number>; readonly count: number } {
  const first = new Map<string, number>()
  let count = 0
  for (const name of at) {
    first.set(name, count)
    count += inputs[name]!.data.length
  }
  return { first, count }
}

/**
 * The background's rows over all players: values given hold one row or several, as many for every explained tensor; a baseline by name is one row.
 * @throws UsageError for values that are not whole rows, or different numbers of rows
 */
export function backgroundPlayers(evaluator: Evaluator, given: Baseline, seed: number): Background {
  const { first, count: players } = playersOf(evaluator)
  const named = typeof given === 'string' ? baselinePoints(evaluator, given, seed) : undefined
  const single = typeof given !== 'string' && ArrayBuffer.isView((given as TensorValue<'float32'>).data)
  const valuesOf = (name: string): Float32Array => {
    if (named) return named[name]!
    const tensor = single ? (given as TensorValue<'float32'>) : (given as Readonly<Record<string, TensorValue<'float32'>>>)[name]
    if (!tensor) throw new UsageError(`the background has no values for input "${name}"`)
    return tensor.data
  }
  const counts = evaluator.at.map(name => valuesOf(name).length / evaluator.inputs[name]!.data.length)
  const [count = 1] = counts
  if (!Number.isInteger(count) || count < 1 || counts.some(other => other !== count))
    throw new UsageError(
      `the background must hold whole rows, as many for each of ${evaluator.at.join(', ')}; it holds ${counts.join(', ')} rows`,
    )
  const rows = new Float64Array(count * players)
  for (const [name, start] of first) {
    const values = valuesOf(name)
    const size = evaluator.inputs[name]!.data.length
    for (let row = 0; row < count; row++) rows.set(values.subarray(row * size, (row + 1) * size), row * players + start)
  }
  return { rows, count }
}

/** Values of players as maps of the explained tensors. */
export function playerMaps(evaluator: Evaluator, values: Float64Array): MethodResult['maps'] {
  const { first } = playersOf(evaluator)
  return mapsOf(evaluator, (name, index) => values[first.get(name)! + index]!)
}
