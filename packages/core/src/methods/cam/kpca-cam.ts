/** @file kpca-cam: the first kernel principal component of a layer. */
import { UsageError } from '../../errors.js'
import { centred, topVector } from './principal.js'
import { camMethod, sumOver } from './rule.js'

/** From the inner product of two places, their squared distance, and gamma. */
const kernels: Readonly<Record<string, (product: number, distance: number, gamma: number) => number>> = {
  sigmoid: (product, _, gamma) => Math.tanh(gamma * product + 1),
  rbf: (_, distance, gamma) => Math.exp(-gamma * distance),
  polynomial: (product, _, gamma) => (gamma * product + 1) ** 3,
  linear: product => product,
}

/** Places whose kernel matrix still fits in memory with ease. */
const mostPlaces = 4096

/**
 * Places are points of channels, centred. K is their kernel matrix, centred in feature space; L = sqrt(lambda) u with lambda the largest
 * eigenvalue of K and u its eigenvector: the projection on the first kernel principal component. Kernels as in scikit-learn: sigmoid
 * tanh(gamma x.y + 1), rbf exp(-gamma |x - y|^2), polynomial (gamma x.y + 1)^3; linear is eigen-cam. gamma=0 means 1 / channels.
 * The sign of u is free: here the map goes up where the sum of channels does. A component without variance gives zeros. Knows no target.
 */
export const kpcaCam = camMethod({
  name: 'kpca-cam',
  aliases: ['kpcacam'],
  summary: "the first kernel principal component of a layer's channels; the same for every target",
  formula: 'L = sqrt(lambda) u, K u = lambda u, K the centred kernel matrix of the places',
  citation: 'Karmani et al.: KPCA-CAM, 2024',
  relu: false,
  reads: 'values',
  options: {
    kernel: { kind: 'choice', default: 'sigmoid', values: Object.keys(kernels), describe: 'kernel of two places' },
    gamma: { kind: 'number', default: 0, minimum: 0, describe: 'factor in the kernel (0: 1 / channels)' },
  },
  map: (activation, { options }) => {
    const { channels, size, name } = activation
    if (size > mostPlaces)
      throw new UsageError(
        `kpca-cam compares all places of a layer, and "${name}" has ${size}; name a layer of at most ${mostPlaces}`,
      )
    const x = centred(activation, activation.values)
    const gamma = options['gamma'] || 1 / channels
    const kernel = kernels[options['kernel']]!
    const product = (a: number, b: number): number => sumOver(0, channels, c => x[c * size + a]! * x[c * size + b]!)
    const squares = Float64Array.from({ length: size }, (_, a) => product(a, a))
    const matrix = new Float64Array(size * size)
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++) {
        const inner = product(a, b)
        matrix[a * size + b] = kernel(inner, squares[a]! + squares[b]! - 2 * inner, gamma)
        matrix[b * size + a] = matrix[a * size + b]!
      }
    const means = Float64Array.from({ length: size }, (_, a) => sumOver(a * size, (a + 1) * size, i => matrix[i]!) / size)
    const mean = means.reduce((sum, value) => sum + value, 0) / size
    for (let i = 0; i < matrix.length; i++) matrix[i]! += mean - means[Math.floor(i / size)]! - means[i % size]!
    const { value, vector } = largest(matrix, size)
    const agreement = sumOver(0, size, i => vector[i]! * sumOver(0, channels, c => x[c * size + i]!))
    const scale = Math.sqrt(Math.max(0, value)) * (agreement < 0 ? -1 : 1)
    return vector.map(part => scale * part)
  },
})

/** The largest eigenvalue, not by magnitude, and its vector; sigmoid kernels may have negative ones. */
function largest(matrix: Float64Array, count: number): { value: number; vector: Float64Array } {
  const found = (of: Float64Array): { value: number; vector: Float64Array } => {
    const vector = topVector(of, count)
    const value = sumOver(0, count, a => vector[a]! * sumOver(0, count, b => of[a * count + b]! * vector[b]!))
    return { value, vector }
  }
  const first = found(matrix)
  if (first.value >= 0) return first
  const shifted = matrix.map((value, i) => (i % (count + 1) === 0 ? value - first.value : value))
  const second = found(shifted)
  return { value: second.value + first.value, vector: second.vector }
}
