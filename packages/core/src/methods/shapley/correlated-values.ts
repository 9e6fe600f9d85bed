/** @file Shapley values of a linear function whose absent features are imputed from the present ones. */
import { UsageError } from '../../errors.js'
import { Random } from '../../random.js'

/** A feature whose variance, given others, is below this share of its own is taken to be a function of them. */
const redundant = 1e-6

/** Multiplications that all orders together may take: some minutes. */
const mostWork = 1e11

/** All orders of 0 to count - 1. */
function* permutations(count: number): Generator<readonly number[]> {
  const order = Array.from({ length: count }, (_, i) => i)
  const turns = new Array<number>(count).fill(0)
  yield order
  for (let i = 1; i < count; ) {
    if (turns[i]! < i) {
      const other = i % 2 === 0 ? 0 : turns[i]!
      ;[order[other], order[i]] = [order[i]!, order[other]!]
      yield order
      turns[i]!++
      i = 1
    } else turns[i++] = 0
  }
}

/** `count` orders of n features, each after its reverse was taken too; order k depends on seed and k only. */
function* drawnOrders(n: number, count: number, seed: number): Generator<readonly number[]> {
  for (let k = 0; 2 * k < count; k++) {
    const random = new Random(seed, k)
    const order = Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      ;[order[i], order[j]] = [order[j]!, order[i]!]
    }
    yield order
    if (2 * k + 1 < count) yield [...order].reverse()
  }
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

/**
 * The Shapley values of v(S) = w . E[x | x_S], x normal with the mean and covariance of `rows`; v(all) = w . x. Along an order,
 * a feature j that comes in moves every expectation by C_.j / C_jj (x_j - its expectation), C the covariance given what came before;
 * one that was determined already only takes its own value. All n! orders are used where `orders` allows, else that many drawn ones.
 * @throws UsageError where there are too many features
 */
export function correlatedValues(
  weights: Float64Array,
  point: Float64Array,
  rows: readonly Float64Array[],
  orders: number,
  seed: number,
): Float64Array {
  const n = point.length
  const all = n <= 12 && factorial(n) <= orders
  const count = all ? factorial(n) : orders
  if (count * n ** 3 > mostWork)
    throw new UsageError(
      `linear-shap: ${n} correlated features in ${count} orders take too long; use fewer orders, or correlated=false`,
    )
  const mean = point.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length)
  const covariance = new Float64Array(n * n)
  for (const row of rows)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) covariance[i * n + j]! += ((row[i]! - mean[i]!) * (row[j]! - mean[j]!)) / rows.length
  const worths = new Float64Array(n)
  const rest = new Float64Array(n * n)
  for (const order of all ? permutations(n) : drawnOrders(n, count, seed)) {
    rest.set(covariance)
    const expected = mean.slice()
    for (const j of order) {
      const [change, variance] = [point[j]! - expected[j]!, rest[j * n + j]!]
      let worth = weights[j]! * change
      if (variance > redundant * covariance[j * n + j]!) {
        const column = Float64Array.from({ length: n }, (_, i) => rest[i * n + j]! / variance)
        for (let i = 0; i < n; i++) {
          if (i === j || column[i] === 0) continue
          worth += weights[i]! * column[i]! * change
          expected[i]! += column[i]! * change
          for (let k = 0; k < n; k++) rest[i * n + k]! -= column[i]! * rest[j * n + k]!
        }
      }
      for (let k = 0; k < n; k++) rest[j * n + k] = rest[k * n + j] = 0
      expected[j] = point[j]!
      worths[j]! += worth / count
    }
  }
  return worths
}
