/** @file ROC AUC with ties. */

/**
 * Share of pairs (one row of the class, one of another) where the first has the higher score, ties counting half: the rank-sum form of
 * Mann and Whitney. NaN where either side is empty.
 */
export function rocAuc(scores: ArrayLike<number>, positive: (row: number) => boolean): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let [ranks, positives] = [0, 0]
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++
    const rank = (start + 1 + end) / 2
    for (let k = start; k < end; k++)
      if (positive(order[k]!)) {
        ranks += rank
        positives++
      }
    start = end
  }
  const negatives = order.length - positives
  return positives === 0 || negatives === 0 ? Number.NaN : (ranks - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Of two classes that of the second; of more the mean over classes, each against the rest. `scores` is [rows, classes]. */
export function classAuc(scores: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  const one = (label: number): number =>
    rocAuc(
      Float64Array.from({ length: labels.length }, (_, row) => scores[row * classes + label]!),
      row => labels[row] === label,
    )
  if (classes === 2) return one(1)
  const all = Array.from({ length: classes }, (_, label) => one(label)).filter(value => !Number.isNaN(value))
  return all.reduce((sum, value) => sum + value, 0) / all.length
}
