/** @file Estimators of total-order Sobol indices from pairs of samples. */

/** Values of f at N draws, at as many other draws, and at the first with one variable taken from the second. */
export interface SobolSamples {
  readonly first: ArrayLike<number>
  readonly second: ArrayLike<number>
  readonly mixed: ArrayLike<number>
}

const meanOf = (count: number, term: (k: number) => number): number => {
  let sum = 0
  for (let k = 0; k < count; k++) sum += term(k)
  return sum / count
}

/** Mean and mean square. */
const momentsOf = (values: ArrayLike<number>): readonly [mean: number, square: number] => [
  meanOf(values.length, k => values[k]!),
  meanOf(values.length, k => values[k]! ** 2),
]

/** Zero where f does not vary, but for rounding; `square` is the mean square that the variance `whole` was taken from. */
const share = (part: number, whole: number, square: number): number => (whole > 1e-13 * square ? part / whole : 0)

/**
 * With a = f(A), b = f(B), c = f(A with column i of B), E the mean over draws, V the variance; each is 1 - V_{~i} / V, the share of the
 * variance that is left while everything but variable i is known.
 */
export const totalOrder: Readonly<Record<string, (samples: SobolSamples) => number>> = {
  /** E (a - c)^2 / (2 V a). Jansen 1999. Never negative, and exactly 0 for a variable that f does not read. */
  jansen: ({ first: a, mixed: c }) => {
    const [mean, square] = momentsOf(a)
    const half = meanOf(a.length, k => (a[k]! - c[k]!) ** 2) / 2
    return share((half * (a.length - 1)) / a.length, square - mean ** 2, square)
  },
  /** 1 - (E a c - m^2) / (E (a^2 + c^2) / 2 - m^2), m = E (a + c) / 2. Janon et al. 2014. */
  janon: ({ first: a, mixed: c }) => {
    const mean = meanOf(a.length, k => (a[k]! + c[k]!) / 2)
    const square = meanOf(a.length, k => (a[k]! ** 2 + c[k]! ** 2) / 2)
    return share(square - meanOf(a.length, k => a[k]! * c[k]!), square - mean ** 2, square)
  },
  /** 1 - (E a c - (E a)^2) / V a. Homma, Saltelli 1996. */
  homma: ({ first: a, mixed: c }) => {
    const [mean, square] = momentsOf(a)
    return share(square - meanOf(a.length, k => a[k]! * c[k]!), square - mean ** 2, square)
  },
  /** 1 - the correlation of a and c. Glen, Isaacs 2012. */
  glen: ({ first: a, mixed: c }) => {
    const [[meanA, squareA], [meanC, squareC]] = [momentsOf(a), momentsOf(c)]
    const spread = Math.sqrt(Math.max(0, squareA - meanA ** 2) * Math.max(0, squareC - meanC ** 2))
    const together = meanOf(a.length, k => (a[k]! - meanA) * (c[k]! - meanC))
    return share(spread - together, spread, squareA)
  },
  /** 1 - (E a c - (E b)^2) / V b: mean and variance from the other draws. Saltelli et al.: Global Sensitivity Analysis, 2008. */
  saltelli: ({ first: a, second: b, mixed: c }) => {
    const [mean, square] = momentsOf(b)
    return share(square - meanOf(a.length, k => a[k]! * c[k]!), square - mean ** 2, square)
  },
}
