/** @file L2-regularised logistic regression in double precision, from inner products only. */

/** Decision of a linear classifier: sum_j weights_j <x_j, x> + intercept. */
export interface Classifier {
  /** The weight vector is sum_j weights_j x_j; zero for rows that it was not trained on. */
  readonly weights: Float64Array
  readonly intercept: number
}

const [maximumSteps, precision, flattest] = [100, 1e-10, 1e-12]

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)))
const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))

/**
 * The minimum of (1/n) sum_i log(1 + exp(-y_i (<w, x_i> + b))) + alpha/2 ||w||^2, the intercept not regularised, found by Newton's method
 * with halved steps in the n coefficients of w = sum_j weights_j x_j (the representer theorem), so that features may be many.
 * The scaling is that of the usual stochastic-gradient classifiers whose penalty is called alpha.
 * @param products inner products <x_i, x_j> of all rows, [count, count]
 * @param chosen the rows trained on
 * @param positive by row, whether it belongs to the positive class
 */
export function logisticRegression(
  products: Float64Array,
  count: number,
  chosen: readonly number[],
  positive: (row: number) => boolean,
  alpha: number,
): Classifier {
  const n = chosen.length
  const kernel = new Float64Array(n * n)
  chosen.forEach((row, i) => {
    chosen.forEach((column, j) => {
      kernel[i * n + j] = products[row * count + column]!
    })
  })
  const target = Float64Array.from(chosen, row => (positive(row) ? 1 : 0))
  let state = { weights: new Float64Array(n), intercept: 0 }
  let scores = new Float64Array(n)
  let value = objective(state.weights, scores, target, alpha)
  for (let step = 0; step < maximumSteps; step++) {
    const residual = scores.map((score, i) => target[i]! - sigmoid(score))
    // At the minimum the weights are residual / (n alpha), and the residuals sum to 0.
    const gap = residual.reduce((most, r, i) => Math.max(most, Math.abs(r - n * alpha * state.weights[i]!)), 0)
    if (gap < precision && Math.abs(sum(residual)) < precision) break
    const curvature = scores.map(score => Math.max(flattest, sigmoid(score) * sigmoid(-score)))
    const wanted = scores.map((score, i) => score + residual[i]! / curvature[i]!)
    const goal = newton(kernel, curvature, wanted, n, alpha)
    let moved = false
    for (let share = 1; share > 1e-6; share /= 2) {
      const weights = state.weights.map((w, i) => w + share * (goal.weights[i]! - w))
      const intercept = state.intercept + share * (goal.intercept - state.intercept)
      const next = scoresOf(kernel, weights, intercept)
      const lower = objective(weights, next, target, alpha)
      if (!(lower < value)) continue
      state = { weights, intercept }
      scores = next
      value = lower
      moved = true
      break
    }
    if (!moved) break
  }
  const weights = new Float64Array(count)
  chosen.forEach((row, i) => {
    weights[row]! += state.weights[i]!
  })
  return { weights, intercept: state.intercept }
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)

function scoresOf(kernel: Float64Array, weights: Float64Array, intercept: number): Float64Array<ArrayBuffer> {
  const n = weights.length
  return Float64Array.from({ length: n }, (_, i) => {
    let score = intercept
    for (let j = 0; j < n; j++) score += kernel[i * n + j]! * weights[j]!
    return score
  })
}

/** The regularised loss; <w, w> is weights · (scores - intercept) because the weights sum to zero along the whole path. */
function objective(weights: Float64Array, scores: Float64Array, target: Float64Array, alpha: number): number {
  let [loss, square] = [0, 0]
  scores.forEach((score, i) => {
    loss += softplus(target[i]! === 1 ? -score : score)
    square += weights[i]! * score
  })
  return loss / scores.length + (alpha / 2) * square
}

/** Weights v and intercept b of a Newton step: (K + n alpha / curvature) v + b = wanted, sum v = 0. */
function newton(kernel: Float64Array, curvature: Float64Array, wanted: Float64Array, n: number, alpha: number) {
  const factor = kernel.slice()
  for (let i = 0; i < n; i++) factor[i * n + i]! += (n * alpha) / curvature[i]!
  cholesky(factor, n)
  const ones = solve(factor, new Float64Array(n).fill(1), n)
  const particular = solve(factor, wanted, n)
  const intercept = sum(particular) / sum(ones)
  return { weights: particular.map((v, i) => v - intercept * ones[i]!), intercept }
}

/** Replaces a symmetric positive definite matrix by its lower Cholesky factor. */
function cholesky(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * n + j]!
      for (let k = 0; k < j; k++) value -= matrix[i * n + k]! * matrix[j * n + k]!
      matrix[i * n + j] = i === j ? Math.sqrt(value) : value / matrix[j * n + j]!
    }
}

/** Solves L L' x = right. */
function solve(factor: Float64Array, right: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const x = Float64Array.from(right)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * n + k]! * x[k]!
    x[i]! /= factor[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!
    x[i]! /= factor[i * n + i]!
  }
  return x
}
