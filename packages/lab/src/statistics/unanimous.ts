/** @file Shares of 0 and 1, where a bootstrap interval has no width however few trials there were. */

/**
 * Clopper and Pearson's exact interval (1934) of a share where all n independent trials agree. With a = 1 - level:
 * [0, 1 - (a/2)^(1/n)] where none succeeded, [(a/2)^(1/n), 1] where all did. NaN where n is 0.
 * @param level coverage, default 0.95
 */
export function unanimousInterval(all: boolean, n: number, level = 0.95): { readonly low: number; readonly high: number } {
  if (n === 0) return { low: Number.NaN, high: Number.NaN }
  const width = 1 - ((1 - level) / 2) ** (1 / n)
  return all ? { low: 1 - width, high: 1 } : { low: 0, high: width }
}

/** Standard deviation of one trial where all n agreed: sqrt(p (1 - p)) at p = 2/(n + 4), as if two of each had been added (Agresti and Coull, 1998). */
export function unanimousDeviation(n: number): number {
  const share = 2 / (n + 4)
  return Math.sqrt(share * (1 - share))
}
