/** @file Paths from a token's embedding to its baseline that pass near embeddings of real tokens, each coordinate moving one way. */
import type { EmbeddingTable } from './embedding.js'

interface Step {
  /** The candidate's coordinates where they lie between the current point and the baseline, else an even step towards the baseline. */
  readonly point: Float64Array
  /** Coordinates that are the candidate's own. */
  readonly kept: number
  /** Squared distance of the point from the candidate. */
  readonly distance: number
}

/** How good a step is; the highest wins. */
export const strategies: Readonly<Record<string, (step: Step) => number>> = {
  greedy: ({ distance }) => -distance,
  maxcount: ({ kept }) => kept,
}

function stepTo(candidate: ArrayLike<number>, at: Float64Array, baseline: Float64Array, left: number): Step {
  let [kept, distance] = [0, 0]
  const point = at.map((value, j) => {
    const goal = candidate[j]!
    const between = (value <= goal && goal <= baseline[j]!) || (value >= goal && goal >= baseline[j]!)
    if (between) {
      kept++
      return goal
    }
    const even = value + (baseline[j]! - value) / left
    distance += (even - goal) ** 2
    return even
  })
  return { point, kept, distance }
}

/** Indices of the `count` rows of the table nearest to a point, without those in `without`. */
function nearest(table: EmbeddingTable, point: Float64Array, count: number, without: ReadonlySet<number>): number[] {
  const { rows, width, values } = table
  const distances = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let j = 0, i = row * width; j < width; j++, i++) sum += (values[i]! - point[j]!) ** 2
    distances[row] = without.has(row) ? Number.POSITIVE_INFINITY : sum
  }
  return Array.from(distances.keys())
    .filter(row => distances[row]! < Number.POSITIVE_INFINITY)
    .sort((a, b) => distances[a]! - distances[b]! || a - b)
    .slice(0, count)
}

/**
 * `steps` + 1 points from `input` to `baseline`, both included: at each step the best of the `neighbours` rows nearest to the current point
 * that this path has not used, made monotonic. A coordinate that once is at the baseline stays.
 */
export function discretisedPath(
  table: EmbeddingTable,
  input: Float64Array,
  baseline: Float64Array,
  steps: number,
  neighbours: number,
  strategy: string,
): Float64Array[] {
  const score = strategies[strategy]!
  const path = [input]
  const same = (row: number, point: Float64Array): boolean =>
    point.every((value, j) => table.values[row * table.width + j] === value)
  const used = new Set(Array.from({ length: table.rows }, (_, row) => row).filter(row => same(row, input) || same(row, baseline)))
  for (let left = steps; left > 0; left--) {
    const at = path.at(-1)!
    const candidates = left > 1 ? nearest(table, at, neighbours, used) : []
    let [best, chosen, high] = [undefined as Step | undefined, -1, Number.NEGATIVE_INFINITY]
    for (const row of candidates) {
      const step = stepTo(table.values.subarray(row * table.width, (row + 1) * table.width), at, baseline, left)
      if (score(step) > high) [best, chosen, high] = [step, row, score(step)]
    }
    if (chosen >= 0) used.add(chosen)
    path.push(left === 1 ? baseline : (best?.point ?? at.map((value, j) => value + (baseline[j]! - value) / left)))
  }
  return path
}
