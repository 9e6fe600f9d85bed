/** @file Quadratic programmes over convex weights: minimise w' A w - 2 b' w with w >= 0 and sum w = 1. */

/** Solves A x = y by elimination with row exchange; undefined where A is singular. */
function solve(a: readonly Float64Array[], y: ArrayLike<number>): Float64Array | undefined {
  const n = a.length
  const rows = a.map((row, i) => Float64Array.from([...row, y[i]!]))
  const scale = Math.max(...rows.flatMap(row => Array.from(row.subarray(0, n), Math.abs)), Number.MIN_VALUE)
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    if (Math.abs(rows[pivot]![k]!) <= 1e-13 * scale) return undefined
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!
    }
  }
  const x = new Float64Array(n)
  for (let k = n - 1; k >= 0; k--) {
    let sum = rows[k]![n]!
    for (let j = k + 1; j < n; j++) sum -= rows[k]![j]! * x[j]!
    x[k] = sum / rows[k]![k]!
  }
  return x
}

/**
 * The weights that minimise w' A w - 2 b' w over the simplex, A symmetric and positive semidefinite, by active sets: with the members of a
 * set free, the optimum solves a linear system; members with negative weight leave, members whose multiplier is negative enter. A
 * ridge of 1e-10 of the mean diagonal makes it unique where members are copies of each other.
 */
export function convexWeights(a: readonly Float64Array[], b: Float64Array): Float64Array {
  const n = b.length
  const ridge = Math.max(1e-300, (1e-10 * a.reduce((sum, row, i) => sum + row[i]!, 0)) / n)
  const matrix = a.map((row, i) => row.map((value, j) => (i === j ? value + ridge : value)))
  const gradient = (w: Float64Array, i: number): number =>
    2 * (matrix[i]!.reduce((sum, value, j) => sum + value * w[j]!, 0) - b[i]!)
  let weights = new Float64Array(n)
  // The best single member is feasible.
  const single = Array.from(b, (value, i) => matrix[i]![i]! - 2 * value)
  weights[single.indexOf(Math.min(...single))] = 1
  let free = [...weights.keys()].filter(i => weights[i]! > 0)
  for (let round = 0; round < 100 * n; round++) {
    const system = free.map(i => Float64Array.from([...free.map(j => 2 * matrix[i]![j]!), 1]))
    system.push(Float64Array.from([...free.map(() => 1), 0]))
    const solution = solve(system, [...free.map(i => 2 * b[i]!), 1])
    if (!solution) return weights
    const step = free.map((i, k) => solution[k]! - weights[i]!)
    // As far towards the optimum of this set as no weight turns negative.
    let [length, blocking] = [1, -1]
    free.forEach((i, k) => {
      if (step[k]! < 0 && weights[i]! + length * step[k]! < -1e-15) {
        length = weights[i]! / -step[k]!
        blocking = k
      }
    })
    weights = weights.slice()
    free.forEach((i, k) => {
      weights[i] = Math.max(0, weights[i]! + length * step[k]!)
    })
    if (blocking >= 0) {
      weights[free[blocking]!] = 0
      free = free.filter((_, k) => k !== blocking)
      continue
    }
    const level = Math.min(...free.map(i => gradient(weights, i)))
    const entering = [...weights.keys()]
      .filter(i => !free.includes(i))
      .map(i => ({ i, slack: gradient(weights, i) - level }))
      .sort((p, q) => p.slack - q.slack)[0]
    if (!entering || entering.slack >= -1e-9 * (1 + Math.abs(level))) break
    free = [...free, entering.i].sort((p, q) => p - q)
  }
  const sum = weights.reduce((all, value) => all + value, 0)
  return weights.map(value => value / sum)
}
