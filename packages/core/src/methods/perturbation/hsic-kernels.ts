/** @file The Hilbert-Schmidt independence criterion between one mask value and the target, over draws. */

interface MaskKernel {
  /** Masks are 0 or 1, else anywhere in [0, 1]. */
  readonly binary: boolean
  readonly kernel: (a: number, b: number) => number
}

/** Kernels of mask values. */
export const maskKernels: Readonly<Record<string, MaskKernel>> = {
  /** 1/2 where equal, -1/2 where not. */
  binary: { binary: true, kernel: (a, b) => 0.5 - (a - b) ** 2 },
  /** exp(-(a - b)^2 / (2 s^2)), s = 1/2. */
  rbf: { binary: false, kernel: (a, b) => Math.exp(-2 * (a - b) ** 2) },
  /** 1 + B_1(a) B_1(b) + B_2(|a - b|) / 2 with the Bernoulli polynomials B_1(t) = t - 1/2, B_2(t) = t^2 - t + 1/6. */
  sobolev: {
    binary: false,
    kernel: (a, b) => {
      const far = Math.abs(a - b)
      return 1 + (a - 0.5) * (b - 0.5) + (far ** 2 - far + 1 / 6) / 2
    },
  },
}

/** The middle one of |y_k - y_l| over all pairs k < l that differ; 0 where none do. */
function medianDistance(values: ArrayLike<number>): number {
  const distances: number[] = []
  for (let k = 0; k < values.length; k++)
    for (let l = 0; l < k; l++) if (values[k] !== values[l]) distances.push(Math.abs(values[k]! - values[l]!))
  if (distances.length === 0) return 0
  const sorted = Float64Array.from(distances).sort()
  return sorted[Math.floor(sorted.length / 2)]!
}

/** H L H with L_kl = exp(-(y_k - y_l)^2 / (2 s^2)), s the median distance, H = 1 - 1/n; zeros where y does not vary. */
export function centredOutputs(values: ArrayLike<number>): Float64Array {
  const count = values.length
  const matrix = new Float64Array(count * count)
  const width = medianDistance(values)
  if (width === 0) return matrix
  const means = new Float64Array(count)
  for (let k = 0; k < count; k++)
    for (let l = 0; l < count; l++) {
      const value = Math.exp(-((values[k]! - values[l]!) ** 2) / (2 * width ** 2))
      matrix[k * count + l] = value
      means[k]! += value / count
    }
  const all = means.reduce((sum, mean) => sum + mean, 0) / count
  return matrix.map((value, at) => value - means[Math.floor(at / count)]! - means[at % count]! + all)
}

/** tr(K H L H) / (n - 1)^2, K of one column of masks, for H L H as `centredOutputs` gives it. */
export function hsicOf(column: ArrayLike<number>, centred: Float64Array, kernel: MaskKernel['kernel']): number {
  const count = column.length
  let sum = 0
  for (let k = 0; k < count; k++) {
    sum += kernel(column[k]!, column[k]!) * centred[k * count + k]!
    for (let l = 0; l < k; l++) sum += 2 * kernel(column[k]!, column[l]!) * centred[k * count + l]!
  }
  // Both kernels are positive: below zero is rounding.
  return Math.max(0, sum) / (count - 1) ** 2
}
