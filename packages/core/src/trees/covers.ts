/** @file Node covers: the share of the training rows at a split that goes on to `yes`. */
import { UsageError } from '../errors.js'
import { type Forest, passes } from './forest.js'

/** For every split, the share of its rows that pass, in [0, 1]; and how many splits no row reaches. */
export interface Covers {
  readonly share: Float64Array
  /** Splits that were reached by nothing: both ways count equally there. */
  readonly unreached: number
}

/** Shares from counts on the two ways on. */
function sharesOf(forest: Forest, count: (split: number, way: 'yes' | 'no') => number): Covers {
  const share = new Float64Array(forest.column.length)
  let unreached = 0
  forest.column.forEach((column, node) => {
    if (column < 0) return
    const [yes, no] = [count(node, 'yes'), count(node, 'no')]
    const reached = yes + no > 0
    share[node] = reached ? yes / (yes + no) : 0.5
    if (!reached) unreached += 1
  })
  return { share, unreached }
}

/**
 * Covers from the file's hit rates; undefined where it has none that mean something: all of them equal (exporters that do not know write
 * ones), one missing (TreeEnsemble gives none for leaves), or one negative.
 */
export function coversFromFile(forest: Forest): Covers | undefined {
  const { hits, column } = forest
  if (hits.length !== column.length || hits.every(hit => hit === hits[0])) return undefined
  if (hits.some(hit => !(hit >= 0))) return undefined
  return sharesOf(forest, (split, way) => hits[forest[way][split]!]!)
}

/** Covers counted by passing rows [count, columns] down every tree. */
export function coversFromRows(forest: Forest, rows: ArrayLike<number>, columns: number): Covers {
  const passed = new Float64Array(forest.column.length)
  const refused = new Float64Array(forest.column.length)
  for (let start = 0; start < rows.length; start += columns)
    for (const root of forest.roots) {
      let node = root
      while (forest.column[node]! >= 0) {
        const yes = passes(forest, node, rows[start + forest.column[node]!]!)
        if (yes) passed[node]! += 1
        else refused[node]! += 1
        node = yes ? forest.yes[node]! : forest.no[node]!
      }
    }
  return sharesOf(forest, (split, way) => (way === 'yes' ? passed[split]! : refused[split]!))
}

/** @throws UsageError that says what else to do */
export const noCovers = (): never => {
  throw new UsageError(
    'the model file has no node covers (its nodes_hitrates are absent or all the same), so there is no path-dependent game; pass background=ROWS.npy, which gives the interventional game, or game=path-dependent with it to count the covers',
  )
}
