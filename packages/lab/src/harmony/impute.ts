/** @file Missing pixels from their neighbours, fast enough for a picture of every mask of a study. */

/** Relative size of the residual at which the system counts as solved: far below a grey level of 8-bit pictures. */
const precision = 1e-4

/** Of the four neighbours at an edge, and the four at a corner (Rong et al., ROAD, ICML 2022). */
const [edge, corner] = [1 / 6, 1 / 12]

/**
 * Every missing pixel is the weighted mean of its neighbours within the picture, known and missing alike: the system of core's
 * `imputation`, here as a stencil on the whole grid with a border of zeros, by conjugate gradients from the mean of what is known.
 * Where nothing is known, the plane's mean.
 * @param missing by place, row-major
 * @returns the planes with their missing places filled
 */
export function imputed(
  planes: readonly Float64Array[],
  missing: Uint8Array,
  height: number,
  width: number,
): readonly Float64Array[] {
  const row = width + 2
  const cells = row * (height + 2)
  const padded = (values: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(cells)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[(y + 1) * row + x + 1] = values[y * width + x]!
    return out
  }
  const inside = padded(new Float64Array(height * width).fill(1))
  const unknown = padded(missing)
  const places = Int32Array.from([...unknown.keys()].filter(i => unknown[i] === 1))
  const around = (v: Float64Array, i: number): number =>
    edge * (v[i - row]! + v[i - 1]! + v[i + 1]! + v[i + row]!) +
    corner * (v[i - row - 1]! + v[i - row + 1]! + v[i + row - 1]! + v[i + row + 1]!)
  const diagonal = new Float64Array(cells)
  for (const i of places) diagonal[i] = around(inside, i)

  const fill = (plane: Float64Array): Float64Array => {
    const count = plane.length - places.length
    let mean = 0
    for (let i = 0; i < plane.length; i++) if (count === 0 || missing[i] === 0) mean += plane[i]!
    mean /= count === 0 ? plane.length : count
    const solution = new Float64Array(cells)
    if (count > 0) {
      const known = padded(plane.map((value, i) => (missing[i] ? 0 : value - mean)))
      const residual = new Float64Array(cells)
      let size = 0
      for (const i of places) {
        residual[i] = around(known, i)
        size += residual[i]! ** 2
      }
      const direction = residual.slice()
      const image = new Float64Array(cells)
      const enough = precision ** 2 * size
      for (let round = 0; round < 10 * places.length + 100 && size > enough; round++) {
        let bend = 0
        for (let k = 0; k < places.length; k++) {
          const i = places[k]!
          image[i] = diagonal[i]! * direction[i]! - around(direction, i)
          bend += direction[i]! * image[i]!
        }
        const step = size / bend
        let next = 0
        for (let k = 0; k < places.length; k++) {
          const i = places[k]!
          solution[i]! += step * direction[i]!
          residual[i]! -= step * image[i]!
          next += residual[i]! ** 2
        }
        const turn = next / size
        for (let k = 0; k < places.length; k++) {
          const i = places[k]!
          direction[i] = residual[i]! + turn * direction[i]!
        }
        size = next
      }
    }
    return plane.map((value, i) => (missing[i] ? mean + solution[(Math.floor(i / width) + 1) * row + (i % width) + 1]! : value))
  }
  return planes.map(fill)
}
