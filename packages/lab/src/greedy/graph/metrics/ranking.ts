/** @file From scores to an order of edges, and how well scores tell the edges of a motif from others. */

/** Edges from the first kept to the last: by their place where there is one, else by score, ties by number. */
export function rankedEdges(scores: ArrayLike<number>, order?: ArrayLike<number>): Int32Array {
  const edges = Int32Array.from({ length: scores.length }, (_, edge) => edge)
  return order ? edges.sort((a, b) => order[a]! - order[b]! || a - b) : edges.sort((a, b) => scores[b]! - scores[a]! || a - b)
}

/**
 * Area under the ROC curve: the share of pairs of a positive and a negative in which the positive scores higher, ties counting half
 * (Mann and Whitney). NaN where there are no positives or no negatives.
 */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): number {
  const ascending = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let [sum, positives] = [0, 0]
  for (let start = 0; start < ascending.length; ) {
    let end = start
    while (end < ascending.length && scores[ascending[end]!] === scores[ascending[start]!]) end++
    for (let i = start; i < end; i++)
      if (positive[ascending[i]!]) {
        positives++
        // The mean place, counted from 1, of all that are tied.
        sum += (start + 1 + end) / 2
      }
    start = end
  }
  const negatives = scores.length - positives
  return positives === 0 || negatives === 0 ? Number.NaN : (sum - (positives * (positives + 1)) / 2) / (positives * negatives)
}
