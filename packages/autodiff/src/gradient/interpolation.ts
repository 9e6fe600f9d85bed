/**
 * @file Resize along one axis as a matrix [out, in], in double precision: y = W x. Source: the ONNX operator specification, and
 * ONNX Runtime where that leaves something open (nearest neighbours are chosen in single precision, as its kernel does).
 */

export interface Interpolation {
  readonly input: number
  readonly output: number
  readonly scale: number
  readonly mode: string
  readonly coordinates: string
  readonly nearest: string
  readonly cubicA: number
  readonly excludeOutside: boolean
  readonly antialias: boolean
  /** Start and end of the region of interest, normalised; read by tf_crop_and_resize only. */
  readonly roi: readonly [number, number]
}

type Coordinate = (x: number, of: Interpolation, round: (value: number) => number) => number

/** Position in the input of output position x; `round` rounds each step to the precision wanted. */
const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: (x, { scale }, r) => r(r(r(x + 0.5) / scale) - 0.5),
  pytorch_half_pixel: (x, { scale, output }, r) => (output > 1 ? r(r(r(x + 0.5) / scale) - 0.5) : 0),
  asymmetric: (x, { scale }, r) => r(x / scale),
  align_corners: (x, { input, output }, r) => (output === 1 ? 0 : r((x * (input - 1)) / (output - 1))),
  half_pixel_symmetric: (x, { scale, input, output }, r) => {
    const adjustment = r(output / r(scale * input))
    const offset = r((input / 2) * r(1 - adjustment))
    return r(r(offset + r(r(x + 0.5) / scale)) - 0.5)
  },
  tf_crop_and_resize: (x, { input, output, roi: [start, end] }, r) =>
    output > 1
      ? r(r(start * (input - 1)) + r(r(x * (end - start) * (input - 1)) / (output - 1)))
      : r(0.5 * (start + end) * (input - 1)),
}

const neighbours: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: x => Math.ceil(x - 0.5),
  round_prefer_ceil: x => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x))

/** Keys' cubic kernel. */
const cubic =
  (a: number) =>
  (x: number): number => {
    const d = Math.abs(x)
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1
    return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0
  }

/** True where the coordinate transformation and mode are known. */
export const isKnown = ({ mode, coordinates: transformation, nearest }: Interpolation): boolean =>
  transformation in coordinates && (mode === 'linear' || mode === 'cubic' || (mode === 'nearest' && nearest in neighbours))

/** For nearest: which input entry each output entry reads; -1 for the extrapolation value. */
export function nearestSource(of: Interpolation): number[] {
  return Array.from({ length: of.output }, (_, x) => {
    const at = coordinates[of.coordinates]!(x, of, Math.fround)
    if (of.coordinates === 'tf_crop_and_resize' && (at < 0 || at > of.input - 1)) return -1
    return Math.min(Math.max(neighbours[of.nearest]!(at), 0), of.input - 1)
  })
}

/** Row-major [output, input]. A row of zeros is an entry that takes the extrapolation value. */
export function interpolationMatrix(of: Interpolation): Float64Array {
  const { input, output } = of
  const matrix = new Float64Array(output * input)
  if (of.mode === 'nearest') {
    for (const [x, source] of nearestSource(of).entries()) if (source >= 0) matrix[x * input + source] = 1
    return matrix
  }
  const kernel = of.mode === 'cubic' ? cubic(of.cubicA) : triangle
  const shrink = of.antialias ? Math.min(1, of.scale) : 1
  const reach = (of.mode === 'cubic' ? 2 : 1) / shrink
  for (let x = 0; x < output; x++) {
    const at = coordinates[of.coordinates]!(x, of, value => value)
    if (of.coordinates === 'tf_crop_and_resize' && (at < 0 || at > input - 1)) continue
    const taps: [index: number, weight: number][] = []
    for (let i = Math.floor(at - reach); i <= Math.ceil(at + reach); i++) {
      const outside = i < 0 || i >= input
      if (outside && of.excludeOutside) continue
      taps.push([Math.min(Math.max(i, 0), input - 1), kernel((i - at) * shrink)])
    }
    const sum = taps.reduce((all, [, weight]) => all + weight, 0)
    for (const [index, weight] of taps) matrix[x * input + index]! += weight / sum
  }
  return matrix
}
