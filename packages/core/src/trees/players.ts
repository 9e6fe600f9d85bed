/** @file Players: every element of the explained tensors, tensor after tensor. */
import type { Baseline } from '../baseline.js'
import type { Evaluator } from '../evaluator.js'
import { mapsOf } from '../methods/maps.js'
import type { MethodResult } from '../methods/method.js'
import { backgroundRows } from '../segments/background.js'
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
export function backgroundPlayers(evaluator: Evaluator, baseline: Baseline, seed: number): Background {
  const { first, count: players } = playersOf(evaluator)
  const given = backgroundRows(evaluator, baseline, seed)
  const rows = new Float64Array(given.length * players)
  given.forEach((points, row) => {
    for (const [name, start] of first) rows.set(points[name]!, row * players + start)
  })
  return { rows, count: given.length }
}

/** Values of players as maps of the explained tensors. */
export function playerMaps(evaluator: Evaluator, values: Float64Array): MethodResult['maps'] {
  const { first } = playersOf(evaluator)
  return mapsOf(evaluator, (name, index) => values[first.get(name)! + index]!)
}
