/** @file Interventional TreeSHAP: exact Shapley values of trees against background rows. */
import { type Forest, leafOf, passes } from './forest.js'

/** Trees and what their leaves are worth, over players: the forest's columns count players. */
export interface Trees {
  readonly forest: Forest
  readonly values: Float64Array
}

/** Rows of players, one after another. */
export interface Background {
  readonly rows: ArrayLike<number>
  readonly count: number
}

/** 1 where `x` passes the split, by node. */
export function decisions(forest: Forest, x: ArrayLike<number>): Uint8Array {
  const yes = new Uint8Array(forest.column.length)
  const { column } = forest
  for (let node = 0; node < column.length; node++)
    if (column[node]! >= 0 && passes(forest, node, x[column[node]!]!)) yes[node] = 1
  return yes
}

/** Sum over trees of the value of the leaf that a row reaches. */
export const evaluateTrees = ({ forest, values }: Trees, rows: ArrayLike<number>, start = 0): number =>
  forest.roots.reduce((sum, root) => sum + values[leafOf(forest, root, rows, start)]!, 0)

/** p! q! / (p + q)! at [p * size + q]. */
function inverseBinomials(size: number): Float64Array {
  const table = new Float64Array(size * size)
  for (let p = 0; p < size; p++)
    for (let q = 0; q < size; q++) table[p * size + q] = p === 0 ? 1 : (table[(p - 1) * size + q]! * p) / (p + q)
  return table
}

/** Adds the Shapley values of one row of players, `x`, to `out`. */
export type AddShapley = (x: ArrayLike<number>, out: Float64Array) => void

/**
 * Shapley values of v(S) = mean over background rows b of the trees at (x in S, b elsewhere), for rows x of `players` columns.
 *
 * For one b, a leaf is reached by coalitions that hold every player it needs from x (p of them) and none that it needs from b (q of them): each of the
 * first gets value (p-1)! q! / (p+q)!, each of the second -value p! (q-1)! / (p+q)!. One walk per tree and row visits only the leaves that some
 * mixture of x and b reaches, and adds up both weights on the way back: O(leaves x background) at worst.
 */
export function interventionalShap({ forest, values }: Trees, { rows, count }: Background, players: number): AddShapley {
  const { column, yes, no, roots } = forest
  const size = Math.min(forest.depth, players) + 1
  const weights = inverseBinomials(size)
  let passed: Uint8Array
  /** 0 undecided, 1 from x, 2 from b. */
  const side = new Uint8Array(players)
  const sum = new Float64Array(players)
  let start = 0
  let gain = 0
  let loss = 0

  const walk = (from: number, p: number, q: number): void => {
    let node = from
    for (let player = column[node]!; player >= 0; player = column[node]!) {
      const chosen = side[player]!
      const mine = passed[node]!
      if (chosen === 1) {
        node = mine === 1 ? yes[node]! : no[node]!
        continue
      }
      const value = rows[start + player]!
      const other = passes(forest, node, value) ? 1 : 0
      if (chosen === 2 || mine === other) {
        node = other === 1 ? yes[node]! : no[node]!
        continue
      }
      side[player] = 1
      walk(mine === 1 ? yes[node]! : no[node]!, p + 1, q)
      const [gained, lost] = [gain, loss]
      side[player] = 2
      walk(other === 1 ? yes[node]! : no[node]!, p, q + 1)
      side[player] = 0
      sum[player]! += gained - loss
      gain += gained
      loss += lost
      return
    }
    const worth = values[node]! * weights[p * size + q]!
    gain = p > 0 ? worth / p : 0
    loss = q > 0 ? worth / q : 0
  }

  return (x, out) => {
    passed = decisions(forest, x)
    sum.fill(0)
    for (let row = 0; row < count; row++) {
      start = row * players
      for (const root of roots) walk(root, 0, 0)
    }
    for (let i = 0; i < players; i++) out[i]! += sum[i]! / count
  }
}
