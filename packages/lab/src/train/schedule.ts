/** @file The learning rate over time. */

/**
 * Rises linearly over the first `warmUp` share of the steps, then falls along half a cosine to zero:
 * rate (1 + cos(pi t)) / 2. Loshchilov and Hutter: SGDR, ICLR 2017.
 * @param step counted from 0
 */
export function cosineRate(step: number, steps: number, peak: number, warmUp: number): number {
  const rising = Math.floor(warmUp * steps)
  if (step < rising) return (peak * (step + 1)) / (rising + 1)
  return (peak * (1 + Math.cos((Math.PI * (step - rising)) / Math.max(1, steps - rising)))) / 2
}
