/** @file Multinomial logistic regression by L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4), in double precision. */

/** Rows of features with the class of every row. */
export interface Table {
  readonly rows: number
  readonly columns: number
  /** [rows, columns]. */
  readonly values: Float32Array
  readonly labels: Uint8Array
}

const memory = 8

/** Fitted weights, [columns + 1, classes], the constant last. */
export interface Logistic {
  readonly weights: Float64Array
  readonly classes: number
}

function logitsOf(table: Table, row: number, weights: Float64Array, classes: number, logits: Float64Array): void {
  const { columns, values } = table
  for (let c = 0; c < classes; c++) logits[c] = weights[columns * classes + c]!
  const start = row * columns
  for (let j = 0; j < columns; j++) {
    const x = values[start + j]!
    const at = j * classes
    for (let c = 0; c < classes; c++) logits[c] = logits[c]! + x * weights[at + c]!
  }
}

/** Mean cross entropy + penalty / 2 * |w|^2 (the constant is free), and its gradient. */
function lossAndGradient(table: Table, weights: Float64Array, classes: number, penalty: number, gradient: Float64Array): number {
  const { rows, columns, values, labels } = table
  const free = columns * classes
  let loss = 0
  for (let i = 0; i < free; i++) {
    gradient[i] = penalty * weights[i]!
    loss += (penalty / 2) * weights[i]! * weights[i]!
  }
  gradient.fill(0, free)
  const logits = new Float64Array(classes)
  for (let row = 0; row < rows; row++) {
    logitsOf(table, row, weights, classes, logits)
    let most = logits[0]!
    for (let c = 1; c < classes; c++) most = Math.max(most, logits[c]!)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[c]! - most)
    const total = most + Math.log(sum)
    loss += (total - logits[labels[row]!]!) / rows
    for (let c = 0; c < classes; c++) logits[c] = (Math.exp(logits[c]! - total) - (c === labels[row] ? 1 : 0)) / rows
    const start = row * columns
    for (let j = 0; j < columns; j++) {
      const x = values[start + j]!
      const at = j * classes
      for (let c = 0; c < classes; c++) gradient[at + c] = gradient[at + c]! + x * logits[c]!
    }
    for (let c = 0; c < classes; c++) gradient[free + c] = gradient[free + c]! + logits[c]!
  }
  return loss
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Minus the L-BFGS direction, from the last steps and changes of gradient. */
function direction(gradient: Float64Array, steps: readonly Float64Array[], changes: readonly Float64Array[]): Float64Array {
  const result = gradient.slice()
  const shares: number[] = []
  for (let k = steps.length - 1; k >= 0; k--) {
    shares[k] = dot(steps[k]!, result) / dot(steps[k]!, changes[k]!)
    for (let i = 0; i < result.length; i++) result[i] = result[i]! - shares[k]! * changes[k]![i]!
  }
  const last = steps.length - 1
  const scale = last < 0 ? 1 : dot(steps[last]!, changes[last]!) / dot(changes[last]!, changes[last]!)
  for (let i = 0; i < result.length; i++) result[i] = result[i]! * scale
  for (let k = 0; k < steps.length; k++) {
    const share = shares[k]! - dot(changes[k]!, result) / dot(steps[k]!, changes[k]!)
    for (let i = 0; i < result.length; i++) result[i] = result[i]! + share * steps[k]![i]!
  }
  return result
}

/** Fits until the largest entry of the gradient is below 1e-4 or `iterations` are done. Default penalty: 0.1 * columns / (columns + rows). */
export function fitLogistic(table: Table, classes: number, options: { penalty?: number; iterations?: number } = {}): Logistic {
  const penalty = options.penalty ?? (0.1 * table.columns) / (table.columns + table.rows)
  const iterations = options.iterations ?? 60
  let weights = new Float64Array((table.columns + 1) * classes)
  let gradient = new Float64Array(weights.length)
  let loss = lossAndGradient(table, weights, classes, penalty, gradient)
  const steps: Float64Array[] = []
  const changes: Float64Array[] = []
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (gradient.every(value => Math.abs(value) < 1e-4)) break
    const down = direction(gradient, steps, changes)
    const slope = dot(gradient, down)
    let length = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1
    let next = weights
    let nextGradient = gradient
    let nextLoss = Number.POSITIVE_INFINITY
    // Backtracking to a sufficient decrease.
    for (let trial = 0; trial < 20; trial++, length /= 2) {
      next = weights.map((value, i) => value - length * down[i]!)
      nextGradient = new Float64Array(weights.length)
      nextLoss = lossAndGradient(table, next, classes, penalty, nextGradient)
      if (nextLoss <= loss - 1e-4 * length * slope) break
    }
    if (!(nextLoss < loss)) break
    const step = next.map((value, i) => value - weights[i]!)
    const change = nextGradient.map((value, i) => value - gradient[i]!)
    if (dot(step, change) > 1e-14) {
      steps.push(step)
      changes.push(change)
      if (steps.length > memory) {
        steps.shift()
        changes.shift()
      }
    }
    weights = next
    gradient = nextGradient
    loss = nextLoss
  }
  return { weights, classes }
}

/** The likeliest class of every row. */
export function predictLogistic({ weights, classes }: Logistic, table: Table): Uint8Array {
  const logits = new Float64Array(classes)
  return Uint8Array.from({ length: table.rows }, (_, row) => {
    logitsOf(table, row, weights, classes, logits)
    return logits.indexOf(Math.max(...logits))
  })
}
