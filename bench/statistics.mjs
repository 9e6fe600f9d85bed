/** @file What both benchmarks share: order statistics, and a rest between the sides. */

/** Worker threads of either side go on spinning for a while after a run; neither shall pay for the other's. */
export const pause = () => new Promise(resolve => setTimeout(resolve, 500))

/** Linear interpolation between order statistics. */
export function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b)
  const place = (sorted.length - 1) * q
  const low = Math.floor(place)
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low])
}
