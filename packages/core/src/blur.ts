/** @file Gaussian blur of picture planes, in double precision. */

/** Weights of a Gaussian of this sigma out to four sigmas, summing to one. */
function kernel(sigma: number): Float64Array {
  const radius = Math.max(1, Math.round(4 * sigma))
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map(weight => weight / total)
}

/** Reflects an index into [0, length): -1 is 0, length is length - 1 (the edge element repeats). */
function reflect(index: number, length: number): number {
  const period = 2 * length
  const place = ((index % period) + period) % period
  return place < length ? place : period - 1 - place
}

/** Blurs each of `count` planes of height x width separately; edges are reflected. Sigma 0 copies. */
export function gaussianBlur(
  values: ArrayLike<number>,
  count: number,
  height: number,
  width: number,
  sigma: number,
): Float32Array {
  if (!(sigma > 0)) return Float32Array.from(values)
  const weights = kernel(sigma)
  const radius = (weights.length - 1) / 2
  const columns = Array.from({ length: width + 2 * radius }, (_, i) => reflect(i - radius, width))
  const rows = Array.from({ length: height + 2 * radius }, (_, i) => reflect(i - radius, height))
  const out = new Float32Array(values.length)
  const middle = new Float64Array(height * width)
  for (let plane = 0; plane < count; plane++) {
    const start = plane * height * width
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * values[start + y * width + columns[x + k]!]!
        middle[y * width + x] = sum
      }
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let sum = 0
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * middle[rows[y + k]! * width + x]!
        out[start + y * width + x] = sum
      }
  }
  return out
}
