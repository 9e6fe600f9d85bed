/** @file A picture under Gaussian blurs of growing width, and how it changes with the width, in double precision. */

/** Planes of height x width, one after another. */
export interface Planes {
  readonly values: Float64Array
  readonly count: number
  readonly height: number
  readonly width: number
}

/** What lies beyond the edge: zeros, or the picture mirrored with the edge repeated. Undefined where it is zero. */
export const edgeRules: Readonly<Record<string, (index: number, length: number) => number | undefined>> = {
  zeros: (index, length) => (index >= 0 && index < length ? index : undefined),
  reflect: (index, length) => {
    const place = ((index % (2 * length)) + 2 * length) % (2 * length)
    return place < length ? place : 2 * length - 1 - place
  },
}

/** Weights for offsets -radius .. radius, summing to one. */
type Kernel = Float64Array

/** A sampled Gaussian of this sigma out to `radius`. */
export function gaussianKernel(sigma: number, radius: number): Kernel {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    i === radius ? 1 : Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  )
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map(weight => weight / total)
}

/** d kernel / d ln sigma of a normalised Gaussian: w_k (k^2 - sum_j w_j j^2) / sigma^2. */
function kernelSlope(kernel: Kernel, sigma: number): Kernel {
  const radius = (kernel.length - 1) / 2
  const spread = kernel.reduce((sum, weight, i) => sum + weight * (i - radius) ** 2, 0)
  return kernel.map((weight, i) => (weight * ((i - radius) ** 2 - spread)) / (sigma * sigma))
}

/** For one place along an axis: the weights of the places `low` .. `low + weights.length - 1`; offsets that reach one place are added up. */
function weightsAt(to: number, length: number, kernel: Kernel, edge: string): { low: number; weights: Float64Array } {
  const radius = (kernel.length - 1) / 2
  const inside = edgeRules[edge]!
  const all = new Float64Array(length)
  let [low, high] = [length, -1]
  for (let offset = -radius; offset <= radius; offset++) {
    const from = inside(to + offset, length)
    if (from === undefined) continue
    all[from]! += kernel[offset + radius]!
    low = Math.min(low, from)
    high = Math.max(high, from)
  }
  return { low, weights: all.subarray(low, high + 1) }
}

/** One convolution along the middle of [outer, length, inner]. */
function along(values: Float64Array, outer: number, length: number, inner: number, kernel: Kernel, edge: string): Float64Array {
  const out = new Float64Array(values.length)
  const rows = Array.from({ length }, (_, to) => weightsAt(to, length, kernel, edge))
  for (let o = 0; o < outer; o++)
    for (let to = 0; to < length; to++) {
      const { low, weights } = rows[to]!
      const target = (o * length + to) * inner
      const source = (o * length + low) * inner
      if (inner === 1) {
        let sum = 0
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * values[source + k]!
        out[target] = sum
      } else
        for (let k = 0; k < weights.length; k++) {
          const weight = weights[k]!
          for (let i = 0; i < inner; i++) out[target + i]! += weight * values[source + k * inner + i]!
        }
    }
  return out
}

const across = ({ count, height, width }: Planes, values: Float64Array, kernel: Kernel, edge: string): Float64Array =>
  along(values, count * height, width, 1, kernel, edge)

const down = ({ count, height, width }: Planes, values: Float64Array, kernel: Kernel, edge: string): Float64Array =>
  along(values, count, height, width, kernel, edge)

/** Every plane under a kernel in both directions. */
export const blurred = (planes: Planes, kernel: Kernel, edge: string): Float64Array =>
  down(planes, across(planes, planes.values, kernel, edge), kernel, edge)

/** Every plane under a Gaussian out to six sigma, and its derivative by ln sigma. */
export function blurredWithSlope(planes: Planes, sigma: number, edge: string): { values: Float64Array; slope: Float64Array } {
  const kernel = gaussianKernel(sigma, Math.max(1, Math.ceil(6 * sigma)))
  const change = kernelSlope(kernel, sigma)
  const rows = across(planes, planes.values, kernel, edge)
  const slope = down(planes, rows, change, edge)
  const other = down(planes, across(planes, planes.values, change, edge), kernel, edge)
  for (let i = 0; i < slope.length; i++) slope[i]! += other[i]!
  return { values: down(planes, rows, kernel, edge), slope }
}
