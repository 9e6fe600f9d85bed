/** @file Correction for testing several hypotheses at once. */

/**
 * Holm's step-down adjustment (1979): with p sorted upwards, adjusted_(i) = max over j <= i of min(1, (m - j + 1) p_(j)). A hypothesis is
 * rejected at level a where its adjusted p is <= a; the chance of any false rejection stays <= a. NaN (not tested) stays NaN and does
 * not count towards m.
 * @returns adjusted p-values, in the order given
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].filter(i => !Number.isNaN(pValues[i]!)).sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = pValues.map(() => Number.NaN)
  let running = 0
  for (const [place, i] of order.entries()) {
    running = Math.max(running, Math.min(1, (order.length - place) * pValues[i]!))
    adjusted[i] = running
  }
  return adjusted
}
