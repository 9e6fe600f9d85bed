/** @file The first principal component of a layer's channels over its places. */
import { type Activation, perChannel, sumOver } from './rule.js'

const mostSteps = 10_000
const settledAt = 1e-13

/** Each channel minus its mean over places. */
export function centred(activation: Activation, values: Float64Array): Float64Array {
  const means = perChannel(activation, (from, to) => sumOver(from, to, i => values[i]!) / activation.size)
  return values.map((value, i) => value - means[Math.floor(i / activation.size)]!)
}

/**
 * The unit vector v over channels that maximises |sum_c v_c X_c|, by power iteration on whichever of the two Gram matrices is smaller.
 * A component has no sign of its own: it gets the one with which the map goes up where the sum of all channels does. Zeros where X is.
 */
export function principalDirection({ channels, size }: Activation, x: Float64Array): Float64Array {
  const wide = channels > size
  const count = wide ? size : channels
  const at = (row: number, inner: number): number => (wide ? x[inner * size + row]! : x[row * size + inner]!)
  const inner = wide ? channels : size
  const gram = new Float64Array(count * count)
  for (let a = 0; a < count; a++)
    for (let b = 0; b <= a; b++) {
      const product = sumOver(0, inner, i => at(a, i) * at(b, i))
      gram[a * count + b] = product
      gram[b * count + a] = product
    }
  const vector = topVector(gram, count)
  const direction = wide
    ? unit(Float64Array.from({ length: channels }, (_, c) => sumOver(0, size, i => x[c * size + i]! * vector[i]!)))
    : vector
  let agreement = 0
  for (let i = 0; i < size; i++) {
    const projected = sumOver(0, channels, c => direction[c]! * x[c * size + i]!)
    agreement += projected * sumOver(0, channels, c => x[c * size + i]!)
  }
  return agreement < 0 ? direction.map(value => -value) : direction
}

/** Eigenvector of the largest eigenvalue of a symmetric matrix, started from its longest row. */
export function topVector(matrix: Float64Array, count: number): Float64Array {
  const norms = Array.from({ length: count }, (_, row) => sumOver(row * count, (row + 1) * count, i => matrix[i]! ** 2))
  const longest = norms.indexOf(Math.max(...norms))
  let vector = unit(matrix.slice(longest * count, (longest + 1) * count))
  for (let step = 0; step < mostSteps; step++) {
    const next = unit(vector.map((_, row) => sumOver(0, count, i => matrix[row * count + i]! * vector[i]!)))
    const change = Math.max(...next.map((value, i) => Math.abs(value - vector[i]!)))
    vector = next
    if (change < settledAt) break
  }
  return vector
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map(value => value / length)
}
