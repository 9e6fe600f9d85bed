/** @file Logistic regression with an L1 penalty on groups of coefficients, along a path of penalties; proximal gradients in double precision. */

export interface GroupedDesign {
  readonly rows: number
  readonly features: number
  /** Numbers other than zero: those of row i are `values[from[i]]` to `values[from[i + 1]]`, each of feature `at[...]`. */
  readonly values: Float64Array
  readonly at: Int32Array
  readonly from: Int32Array
  readonly labels: ArrayLike<number>
  readonly classes: number
  /** Features from `start`, `width` of them; a group's penalty is `weight` times the norm of its coefficients. */
  readonly groups: readonly { readonly start: number; readonly width: number; readonly weight: number }[]
}

export interface PathStep {
  readonly penalty: number
  /** Norm of each group's coefficients. */
  readonly norms: readonly number[]
}

/** Coefficients [features, classes], then the constants [classes]. */
type Coefficients = Float64Array

function lossAndGradient(design: GroupedDesign, weights: Coefficients, gradient: Float64Array | undefined): number {
  const { rows, features, values, at, from, labels, classes } = design
  const logits = new Float64Array(classes)
  gradient?.fill(0)
  let loss = 0
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < classes; c++) logits[c] = weights[features * classes + c]!
    for (let i = from[row]!; i < from[row + 1]!; i++) {
      const [x, f] = [values[i]!, at[i]! * classes]
      for (let c = 0; c < classes; c++) logits[c] = logits[c]! + x * weights[f + c]!
    }
    let most = logits[0]!
    for (let c = 1; c < classes; c++) most = Math.max(most, logits[c]!)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[c]! - most)
    const total = most + Math.log(sum)
    loss += total - logits[labels[row]!]!
    if (!gradient) continue
    for (let c = 0; c < classes; c++) logits[c] = (Math.exp(logits[c]! - total) - (c === labels[row] ? 1 : 0)) / rows
    for (let i = from[row]!; i < from[row + 1]!; i++) {
      const [x, f] = [values[i]!, at[i]! * classes]
      for (let c = 0; c < classes; c++) gradient[f + c] = gradient[f + c]! + x * logits[c]!
    }
    for (let c = 0; c < classes; c++) gradient[features * classes + c] = gradient[features * classes + c]! + logits[c]!
  }
  return loss / rows
}

const normOf = (values: Float64Array, start: number, length: number): number => {
  let sum = 0
  for (let i = start; i < start + length; i++) sum += values[i]! * values[i]!
  return Math.sqrt(sum)
}

/** argmin_w |w - v|^2 / 2 + t penalty sum_g weight_g |w_g|: groups are shortened, short ones become zero. */
function shrink({ groups, classes }: GroupedDesign, values: Coefficients, amount: number): void {
  for (const { start, width, weight } of groups) {
    const norm = normOf(values, start * classes, width * classes)
    const factor = norm > amount * weight ? 1 - (amount * weight) / norm : 0
    for (let i = start * classes; i < (start + width) * classes; i++) values[i] = factor === 0 ? 0 : values[i]! * factor
  }
}

/**
 * Minimises mean cross entropy + penalty * sum_g weight_g |W_g| (Frobenius), constants free, by FISTA with backtracking and restarts
 * (Beck and Teboulle, 2009; O'Donoghue and Candes, 2015), until no coefficient moves by more than `tolerance`.
 */
export function fitGroupLasso(
  design: GroupedDesign,
  penalty: number,
  { from, iterations = 300, tolerance = 1e-6 }: { from?: Coefficients; iterations?: number; tolerance?: number } = {},
): Coefficients {
  const size = (design.features + 1) * design.classes
  let weights = from ?? new Float64Array(size)
  let ahead = weights
  let momentum = 1
  let step = 4
  const gradient = new Float64Array(size)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const loss = lossAndGradient(design, ahead, gradient)
    let next = weights
    for (;;) {
      next = ahead.map((value, i) => value - step * gradient[i]!)
      shrink(design, next, step * penalty)
      let bound = loss
      for (let i = 0; i < size; i++) {
        const move = next[i]! - ahead[i]!
        bound += gradient[i]! * move + (move * move) / (2 * step)
      }
      if (lossAndGradient(design, next, undefined) <= bound + 1e-12 || step < 1e-8) break
      step /= 2
    }
    let [moved, against] = [0, 0]
    for (let i = 0; i < size; i++) {
      const move = next[i]! - weights[i]!
      moved = Math.max(moved, Math.abs(move))
      against += (ahead[i]! - next[i]!) * move
    }
    const following = against > 0 ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2
    const share = against > 0 ? 0 : (momentum - 1) / following
    const before = weights
    weights = next
    ahead = next.map((value, i) => value + share * (value - before[i]!))
    momentum = following
    if (moved < tolerance) break
  }
  return weights
}

/** Coefficients of the constants alone, and the smallest penalty that keeps all groups out: max_g |gradient of g| / weight_g there. */
export function largestPenalty(design: GroupedDesign): { readonly penalty: number; readonly start: Coefficients } {
  const { rows, features, labels, classes, groups } = design
  const start = new Float64Array((features + 1) * classes)
  const counts = new Float64Array(classes)
  for (let row = 0; row < rows; row++) counts[labels[row]!]! += 1
  // A class that does not occur gets a very small share.
  for (let c = 0; c < classes; c++) start[features * classes + c] = Math.log(Math.max(counts[c]!, 1e-3) / rows)
  const gradient = new Float64Array(start.length)
  lossAndGradient(design, start, gradient)
  const norms = groups.map(group => normOf(gradient, group.start * classes, group.width * classes) / group.weight)
  return { penalty: Math.max(...norms), start }
}

/** The path of `steps` penalties from the largest down to `ratio` of it, evenly on a logarithmic scale, each fit starting from the last. */
export function groupLassoPath(design: GroupedDesign, { steps = 40, ratio = 1e-3 } = {}): PathStep[] {
  const { penalty: largest, start } = largestPenalty(design)
  let weights = start
  return Array.from({ length: steps }, (_, k) => {
    const penalty = largest * ratio ** (k / Math.max(1, steps - 1))
    weights = fitGroupLasso(design, penalty, { from: weights, tolerance: 1e-4, iterations: 100 })
    return {
      penalty,
      norms: design.groups.map(({ start: at, width }) => normOf(weights, at * design.classes, width * design.classes)),
    }
  })
}
