/** @file Points of the unit cube, drawn at random or spread evenly. */
import { Random } from '../../random.js'
import { sobolPoints } from './sobol-sequence.js'

/** `count` points of `columns` coordinates in [0, 1), row-major. The same seed gives the same points. */
export type Sequence = (count: number, columns: number, seed: number) => Float64Array

/** A random order of 0 to count - 1. */
function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}

/** Every column by a function of its own generator: stream c of the seed. */
const byColumn =
  (fill: (random: Random, count: number, column: number) => ArrayLike<number>): Sequence =>
  (count, columns, seed) => {
    const points = new Float64Array(count * columns)
    for (let c = 0; c < columns; c++) {
      const values = fill(new Random(seed, c), count, c)
      for (let k = 0; k < count; k++) points[k * columns + c] = values[k]!
    }
    return points
  }

const primes: number[] = [2]

/** Prime number `index`, from 2 at 0. */
function prime(index: number): number {
  for (let next = primes.at(-1)! + 1; primes.length <= index; next++)
    if (primes.every(known => next % known !== 0)) primes.push(next)
  return primes[index]!
}

/**
 * Point k has in column c the digits of k in base p_c, the (c + 1)th prime, mirrored at the point; every digit place has a random order
 * of its own, which breaks the lines that large bases draw. Halton 1960; Owen: A randomized Halton algorithm in R, 2017.
 */
const halton = byColumn((random, count, column) => {
  const base = prime(column)
  const values = new Float64Array(count)
  for (let power = 1; power < 2 ** 40; power *= base) {
    const order = shuffled(base, random)
    for (let k = 0; k < count; k++) values[k]! += order[Math.floor(k / power) % base]! / (power * base)
  }
  return values
})

/** Every column has one point, uniform, in each of `count` equal parts of [0, 1). McKay, Beckman, Conover 1979. */
const latinHypercube = byColumn((random, count) =>
  Float64Array.from(shuffled(count, random), stratum => (stratum + random.uniform()) / count),
)

const independent = byColumn((random, count) => Float64Array.from({ length: count }, () => random.uniform()))

export const sequences: Readonly<Record<string, Sequence>> = {
  sobol: sobolPoints,
  halton,
  'latin-hypercube': latinHypercube,
  random: independent,
}
