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

/** For each place along an axis, the first place that reaches it and the weights from there on, of each kernel. */
interface Band {
  readonly low: Int32Array
  /** Weights of one place after those of another, `most` for each. */
  readonly most: number
  readonly counts: Int32Array
  readonly weights: readonly Float64Array[]
}

/** Kernels of one radius; offsets that reach one place are added up. */
function bandOf(length: number, kernels: readonly Kernel[], edge: string): Band {
  const size = kernels[0]!.length
  const radius = (size - 1) / 2
  const inside = edgeRules[edge]!
  const sources = Int32Array.from({ length: length + 2 * radius }, (_, i) => inside(i - radius, length) ?? -1)
  const most = Math.min(length, size)
  const band = {
    low: new Int32Array(length),
    most,
    counts: new Int32Array(length),
    weights: kernels.map(() => new Float64Array(length * most)),
  }
  for (let to = 0; to < length; to++) {
    let [low, high] = [length, -1]
    for (let k = 0; k < size; k++) {
      const from = sources[to + k]!
      if (from < 0) continue
      low = Math.min(low, from)
      high = Math.max(high, from)
    }
    band.low[to] = low
    band.counts[to] = high + 1 - low
    for (const [at, kernel] of kernels.entries()) {
      const weights = band.weights[at]!
      for (let k = 0; k < size; k++) {
        const from = sources[to + k]!
        if (from >= 0) weights[to * most + from - low]! += kernel[k]!
      }
    }
  }
  return band
}

/** A weight times `inner` values from `source` on, added to `out` from `target` on. */
function addOne(values: Float64Array, source: number, inner: number, weight: number, out: Float64Array, target: number): void {
  for (let i = 0; i < inner; i++) out[target + i]! += weight * values[source + i]!
}

/** The same with four weights from `k` on, and four runs of values after each other. */
function addFour(
  values: Float64Array,
  source: number,
  inner: number,
  weights: Float64Array,
  k: number,
  out: Float64Array,
  target: number,
): void {
  const [a, b, c, d] = [weights[k]!, weights[k + 1]!, weights[k + 2]!, weights[k + 3]!]
  for (let i = 0; i < inner; i++) {
    const at = source + i
    out[target + i]! += a * values[at]! + b * values[at + inner]! + c * values[at + 2 * inner]! + d * values[at + 3 * inner]!
  }
}

/** `addFour` with two kernels at once: reading values takes longer than arithmetic. */
function addFourTwice(
  values: Float64Array,
  source: number,
  inner: number,
  [one, two]: readonly Float64Array[],
  k: number,
  out: Float64Array,
  second: Float64Array,
  target: number,
): void {
  const [a, b, c, d] = [one![k]!, one![k + 1]!, one![k + 2]!, one![k + 3]!]
  const [e, f, g, h] = [two![k]!, two![k + 1]!, two![k + 2]!, two![k + 3]!]
  for (let i = 0; i < inner; i++) {
    const at = source + i
    const v = values[at]!
    const w = values[at + inner]!
    const x = values[at + 2 * inner]!
    const y = values[at + 3 * inner]!
    out[target + i]! += a * v + b * w + c * x + d * y
    second[target + i]! += e * v + f * w + g * x + h * y
  }
}

type Shape = readonly [outer: number, length: number, inner: number]

/** Convolutions along the middle of a shape, added to `out` and, by the band's second kernel, to `second`. */
function along(values: Float64Array, [outer, length, inner]: Shape, band: Band, out: Float64Array, second?: Float64Array): void {
  const { low, counts, most, weights } = band
  for (let o = 0; o < outer; o++)
    for (let to = 0; to < length; to++) {
      const target = (o * length + to) * inner
      let source = (o * length + low[to]!) * inner
      let k = to * most
      const end = k + counts[to]!
      for (; k + 4 <= end; k += 4, source += 4 * inner) {
        if (second) addFourTwice(values, source, inner, weights, k, out, second, target)
        else addFour(values, source, inner, weights[0]!, k, out, target)
      }
      for (; k < end; k++, source += inner) {
        addOne(values, source, inner, weights[0]![k]!, out, target)
        if (second) addOne(values, source, inner, weights[1]![k]!, second, target)
      }
    }
}

/** Rows and columns of every plane exchanged. */
function transposed(values: Float64Array, count: number, height: number, width: number): Float64Array {
  const out = new Float64Array(values.length)
  for (let plane = 0; plane < count; plane++)
    for (let y = 0; y < height; y++)
      for (let x = 0, at = plane * height * width + y; x < width; x++, at += height)
        out[at] = values[(plane * height + y) * width + x]!
  return out
}

/** Every plane under each kernel along its rows. */
function across({ values, count, height, width }: Planes, band: Band): Float64Array[] {
  const turned = transposed(values, count, height, width)
  const [first, second] = band.weights.map(() => new Float64Array(values.length))
  along(turned, [count, width, height], band, first!, second)
  return [first!, ...(second ? [second] : [])].map(out => transposed(out, count, width, height))
}

/** Every plane under a kernel in both directions. */
export function blurred(planes: Planes, kernel: Kernel, edge: string): Float64Array {
  const { count, height, width } = planes
  const [rows] = across(planes, bandOf(width, [kernel], edge))
  const out = new Float64Array(planes.values.length)
  along(rows!, [count, height, width], bandOf(height, [kernel], edge), out)
  return out
}

/** Every plane under a Gaussian out to six sigma, and its derivative by ln sigma. */
export function blurredWithSlope(planes: Planes, sigma: number, edge: string): { values: Float64Array; slope: Float64Array } {
  const { count, height, width } = planes
  const kernel = gaussianKernel(sigma, Math.max(1, Math.ceil(6 * sigma)))
  const both = [kernel, kernelSlope(kernel, sigma)]
  const horizontal = bandOf(width, both, edge)
  const vertical = height === width ? horizontal : bandOf(height, both, edge)
  const [rows, change] = across(planes, horizontal)
  const shape: Shape = [count, height, width]
  const [values, slope] = [new Float64Array(planes.values.length), new Float64Array(planes.values.length)]
  along(rows!, shape, vertical, values, slope)
  along(change!, shape, vertical, slope)
  return { values, slope }
}
