/** @file Noisy linear imputation: missing pixels as weighted means of their neighbours (Rong et al., ROAD, ICML 2022). */

/** Offsets of the eight neighbours with their weights: edges 1/6, corners 1/12. */
const neighbours = [-1, 0, 1].flatMap(dy =>
  [-1, 0, 1].flatMap(dx => (dy === 0 && dx === 0 ? [] : [{ dy, dx, weight: dy === 0 || dx === 0 ? 1 / 6 : 1 / 12 }])),
)

/** Relative size of the residual at which the system counts as solved. */
const solved = 1e-9

/** A picture's missing pixels, ready to be filled plane by plane. */
interface Imputation {
  /** Fills the missing places of one plane of height x width. */
  readonly fill: (plane: Float32Array) => void
}

/**
 * Every missing pixel is the weighted mean of its neighbours within the picture, known and missing alike: one symmetric linear system
 * D x - W x = known part, D the sum of the weights, solved by conjugate gradients in double precision. Where everything is missing, the
 * plane's mean.
 * @param missing by place, row-major
 */
export function imputation(missing: ArrayLike<number>, height: number, width: number): Imputation {
  const places: number[] = []
  const number = new Int32Array(height * width).fill(-1)
  for (let i = 0; i < number.length; i++) if (missing[i]) number[i] = places.push(i) - 1
  const count = places.length
  const diagonal = new Float64Array(count)
  const links = new Int32Array(8 * count).fill(-1)
  const known = new Int32Array(8 * count).fill(-1)
  places.forEach((place, k) => {
    const [y, x] = [Math.floor(place / width), place % width]
    neighbours.forEach(({ dy, dx, weight }, n) => {
      const [v, u] = [y + dy, x + dx]
      if (v < 0 || v >= height || u < 0 || u >= width) return
      diagonal[k]! += weight
      const other = v * width + u
      if (number[other]! >= 0) links[8 * k + n] = number[other]!
      else known[8 * k + n] = other
    })
  })
  const weights = Float64Array.from(neighbours, ({ weight }) => weight)

  const fill = (plane: Float32Array): void => {
    if (count === 0) return
    if (count === plane.length) {
      plane.fill(plane.reduce((sum, value) => sum + value, 0) / plane.length)
      return
    }
    const right = new Float64Array(count)
    for (let k = 0; k < count; k++)
      for (let n = 0; n < 8; n++) if (known[8 * k + n]! >= 0) right[k]! += weights[n]! * plane[known[8 * k + n]!]!
    const solution = conjugateGradients(right)
    places.forEach((place, k) => {
      plane[place] = solution[k]!
    })
  }

  const product = (x: Float64Array, out: Float64Array): void => {
    for (let k = 0; k < count; k++) {
      let sum = diagonal[k]! * x[k]!
      for (let n = 0; n < 8; n++) {
        const link = links[8 * k + n]!
        if (link >= 0) sum -= weights[n]! * x[link]!
      }
      out[k] = sum
    }
  }

  const dot = (a: Float64Array, b: Float64Array): number => {
    let sum = 0
    for (let k = 0; k < count; k++) sum += a[k]! * b[k]!
    return sum
  }

  const conjugateGradients = (right: Float64Array): Float64Array => {
    const x = new Float64Array(count)
    const residual = Float64Array.from(right)
    const direction = Float64Array.from(residual)
    const image = new Float64Array(count)
    let size = dot(residual, residual)
    const enough = solved * solved * size
    for (let round = 0; round < 10 * count + 100 && size > enough; round++) {
      product(direction, image)
      const step = size / dot(direction, image)
      for (let k = 0; k < count; k++) {
        x[k]! += step * direction[k]!
        residual[k]! -= step * image[k]!
      }
      const next = dot(residual, residual)
      for (let k = 0; k < count; k++) direction[k] = residual[k]! + (next / size) * direction[k]!
      size = next
    }
    return x
  }

  return { fill }
}
