/** @file The k nearest neighbours by Euclidean distance; the majority decides, a tie goes to the class that came first. */

import type { Table } from './logistic.js'

/** Class of every row of `asked`, from the rows of `known`. Default k = 5. */
export function predictNearest(known: Table, asked: Table, classes: number, k = 5): Uint8Array {
  const { columns } = known
  const distances = new Float64Array(k)
  const labels = new Uint8Array(k)
  return Uint8Array.from({ length: asked.rows }, (_, row) => {
    distances.fill(Number.POSITIVE_INFINITY)
    const from = row * columns
    for (let i = 0; i < known.rows; i++) {
      const to = i * columns
      const farthest = distances[k - 1]!
      let distance = 0
      // What is already farther than the k-th nearest is not finished.
      for (let start = 0; start < columns && distance < farthest; start += 64) {
        const end = Math.min(columns, start + 64)
        for (let j = start; j < end; j++) {
          const d = asked.values[from + j]! - known.values[to + j]!
          distance += d * d
        }
      }
      if (!(distance < farthest)) continue
      let at = k - 1
      for (; at > 0 && distances[at - 1]! > distance; at--) {
        distances[at] = distances[at - 1]!
        labels[at] = labels[at - 1]!
      }
      distances[at] = distance
      labels[at] = known.labels[i]!
    }
    const votes = new Uint8Array(classes)
    const found = Math.min(k, known.rows)
    for (let at = 0; at < found; at++) votes[labels[at]!] = votes[labels[at]!]! + 1
    const most = Math.max(...votes)
    return labels.find((label, at) => at < found && votes[label] === most)!
  })
}
