/** @file Shapley interaction values of trees, for both games. */
import type { Covers } from './covers.js'
import { passes } from './forest.js'
import { type Background, decisions, type Trees } from './interventional.js'
import { shapleyQuadrature } from './path-dependent.js'

/** Takes a leaf as a game of its own: players i of a path, with o_i if present and z_i if absent. */
type Leaf = (value: number, path: readonly number[]) => void

/**
 * The leaf's part of half the Shapley interaction index,
 * 1/2 value (o_i - z_i) (o_j - z_j) integral_0^1 prod_{k != i, j} ((1-t) z_k + t o_k) dt, added to [i, j] and [j, i].
 */
function leafGame(trees: Trees, one: Float64Array, zero: Float64Array, out: Float64Array): Leaf {
  const players = one.length
  const { positions, weights } = shapleyQuadrature(trees.forest, players)
  return (value, path) => {
    for (let k = 0; k < positions.length; k++) {
      const t = positions[k]!
      const factors = path.map(i => (1 - t) * zero[i]! + t * one[i]!)
      const whole = factors.reduce((product, factor) => product * factor, 0.5 * weights[k]! * value)
      for (let a = 0; a < path.length; a++)
        for (let b = 0; b < a; b++) {
          const [i, j] = [path[a]!, path[b]!]
          const part = ((one[i]! - zero[i]!) * (one[j]! - zero[j]!) * whole) / (factors[a]! * factors[b]!)
          out[i * players + j]! += part
          out[j * players + i]! += part
        }
    }
  }
}

/** Adds the off-diagonal values of the interventional game to `out` [players, players]. */
export function interventionalPairs(trees: Trees, x: ArrayLike<number>, { rows, count }: Background, out: Float64Array): void {
  const { forest, values } = trees
  const { column, yes, no } = forest
  const players = x.length
  const passed = decisions(forest, x)
  const [one, zero] = [new Float64Array(players).fill(1), new Float64Array(players).fill(1)]
  const leaf = leafGame(trees, one, zero, out)
  const path: number[] = []
  let start = 0
  const walk = (node: number): void => {
    const player = column[node]!
    if (player < 0) {
      if (path.length > 1) leaf(values[node]! / count, path)
      return
    }
    const mine = passed[node] === 1
    const other = passes(forest, node, rows[start + player]!)
    const [o, z] = [one[player]!, zero[player]!]
    if (mine === other || o !== z) {
      walk((o === 1 ? mine : other) ? yes[node]! : no[node]!)
      return
    }
    path.push(player)
    zero[player] = 0
    walk(mine ? yes[node]! : no[node]!)
    one[player] = 0
    zero[player] = 1
    walk(other ? yes[node]! : no[node]!)
    one[player] = 1
    path.pop()
  }
  for (let row = 0; row < count; row++) {
    start = row * players
    for (const root of forest.roots) walk(root)
  }
}

/** Adds the off-diagonal values of the path-dependent game to `out` [players, players]. */
export function pathDependentPairs(trees: Trees, { share }: Covers, x: ArrayLike<number>, out: Float64Array): void {
  const { forest, values } = trees
  const { column, yes, no } = forest
  const passed = decisions(forest, x)
  const [one, zero] = [new Float64Array(x.length).fill(1), new Float64Array(x.length).fill(1)]
  const leaf = leafGame(trees, one, zero, out)
  const path: number[] = []
  const walk = (node: number): void => {
    const player = column[node]!
    if (player < 0) {
      if (path.length > 1) leaf(values[node]!, path)
      return
    }
    const [o, z] = [one[player]!, zero[player]!]
    const isNew = !path.includes(player)
    if (isNew) path.push(player)
    for (const way of [0, 1]) {
      one[player] = passed[node] === way ? o : 0
      zero[player] = z * (way === 1 ? share[node]! : 1 - share[node]!)
      if (one[player] !== 0 || zero[player] !== 0) walk(way === 1 ? yes[node]! : no[node]!)
    }
    one[player] = o
    zero[player] = z
    if (isNew) path.pop()
  }
  for (const root of forest.roots) walk(root)
}
