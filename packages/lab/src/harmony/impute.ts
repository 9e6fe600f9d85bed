/** @file Missing pixels from their neighbours, fast enough for a picture of every mask of a study. */

/** Root mean square of the residual, in grey levels, at which a plane counts as solved: its error is then under half a level. */
const precision = 0.002

/** Of the four neighbours at an edge, and the four at a corner (Rong et al., ROAD, ICML 2022). */
const [edge, corner] = [1 / 6, 1 / 12]

/** Sides up to this are solved from the mean of what is known. */
const smallest = 8

/** A picture at one resolution, with a border of zeros. */
class Level {
  readonly row: number
  readonly places: Int32Array
  /** Sum of the weights of the neighbours within the picture. */
  readonly diagonal: Float64Array
  readonly coarser: Level | undefined
  readonly #values: Float64Array
  readonly #residual: Float64Array
  readonly #direction: Float64Array
  readonly #image: Float64Array

  constructor(
    readonly missing: Uint8Array,
    readonly height: number,
    readonly width: number,
  ) {
    this.row = width + 2
    const cells = this.row * (height + 2)
    this.#values = new Float64Array(cells)
    this.#residual = new Float64Array(cells)
    this.#direction = new Float64Array(cells)
    this.#image = new Float64Array(cells)
    const inside = new Float64Array(cells)
    const places: number[] = []
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = (y + 1) * this.row + x + 1
        inside[at] = 1
        if (missing[y * width + x]) places.push(at)
      }
    this.places = Int32Array.from(places)
    this.diagonal = new Float64Array(cells)
    for (const at of places) this.diagonal[at] = around(inside, at, this.row)
    this.coarser = Math.min(height, width) > smallest ? this.#halved() : undefined
  }

  /** Two by two pixels become one, which is missing where all of them are. */
  #halved(): Level {
    const [height, width] = [Math.ceil(this.height / 2), Math.ceil(this.width / 2)]
    const missing = new Uint8Array(height * width).fill(1)
    for (let i = 0; i < this.missing.length; i++)
      if (!this.missing[i]) missing[(Math.floor(i / this.width) >> 1) * width + ((i % this.width) >> 1)] = 0
    return new Level(missing, height, width)
  }

  /** Means of what is known among two by two pixels; 0 where nothing is. */
  #means(plane: Float64Array, width: number, height: number): Float64Array {
    const [sums, counts] = [new Float64Array(height * width), new Float64Array(height * width)]
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++) {
        if (this.missing[y * this.width + x]) continue
        const at = (y >> 1) * width + (x >> 1)
        sums[at]! += plane[y * this.width + x]!
        counts[at]! += 1
      }
    for (let i = 0; i < sums.length; i++) if (counts[i]! > 0) sums[i]! /= counts[i]!
    return sums
  }

  /** What the coarser picture says of a place, bilinear. */
  #guess(coarse: Float64Array, { height, width }: Level, y: number, x: number): number {
    const [v, u] = [Math.max(0, Math.min(height - 1, y / 2 - 0.25)), Math.max(0, Math.min(width - 1, x / 2 - 0.25))]
    const [top, left] = [Math.floor(v), Math.floor(u)]
    const [bottom, right] = [Math.min(height - 1, top + 1), Math.min(width - 1, left + 1)]
    const upper = coarse[top * width + left]! * (1 - u + left) + coarse[top * width + right]! * (u - left)
    const lower = coarse[bottom * width + left]! * (1 - u + left) + coarse[bottom * width + right]! * (u - left)
    return upper * (1 - v + top) + lower * (v - top)
  }

  /** Fills the missing places of the plane, in place. At least one is known. */
  fill(plane: Float64Array): void {
    const { row, width, height, missing, coarser } = this
    let mean = 0
    for (let i = 0; i < plane.length; i++) if (!missing[i]) mean += plane[i]!
    mean /= plane.length - this.places.length
    let coarse: Float64Array | undefined
    if (coarser) {
      coarse = this.#means(plane, coarser.width, coarser.height)
      coarser.fill(coarse)
    }
    const values = this.#values
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const i = y * width + x
        values[(y + 1) * row + x + 1] = !missing[i] ? plane[i]! : coarse ? this.#guess(coarse, coarser!, y, x) : mean
      }
    this.#solve()
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) plane[y * width + x] = values[(y + 1) * row + x + 1]!
  }

  /** Conjugate gradients from the values as they are. */
  #solve(): void {
    const { row, places, diagonal } = this
    const [values, residual, direction, image] = [this.#values, this.#residual, this.#direction, this.#image]
    let size = 0
    for (let k = 0; k < places.length; k++) {
      const i = places[k]!
      const own = around(values, i, row) - diagonal[i]! * values[i]!
      residual[i] = own
      direction[i] = own
      size += own * own
    }
    const enough = precision ** 2 * places.length
    for (let round = 0; round < 10 * places.length + 100 && size > enough; round++) {
      let bend = 0
      for (let k = 0; k < places.length; k++) {
        const i = places[k]!
        const own = diagonal[i]! * direction[i]! - around(direction, i, row)
        image[i] = own
        bend += direction[i]! * own
      }
      const step = size / bend
      let next = 0
      for (let k = 0; k < places.length; k++) {
        const i = places[k]!
        values[i]! += step * direction[i]!
        const own = residual[i]! - step * image[i]!
        residual[i] = own
        next += own * own
      }
      const turn = next / size
      for (let k = 0; k < places.length; k++) {
        const i = places[k]!
        direction[i] = residual[i]! + turn * direction[i]!
      }
      size = next
    }
  }
}

const around = (v: Float64Array, i: number, row: number): number =>
  edge * (v[i - row]! + v[i - 1]! + v[i + 1]! + v[i + row]!) +
  corner * (v[i - row - 1]! + v[i - row + 1]! + v[i + row - 1]! + v[i + row + 1]!)

/**
 * Every missing pixel is the weighted mean of its neighbours within the picture, known and missing alike: the system of core's
 * `imputation`, solved from coarse to fine by conjugate gradients. Where nothing is known, the plane's mean.
 * @param missing by place, row-major
 * @returns copies of the planes with their missing places filled
 */
export function imputed(planes: readonly Float64Array[], missing: Uint8Array, height: number, width: number): Float64Array[] {
  if (missing.every(value => value === 1))
    return planes.map(plane => plane.slice().fill(plane.reduce((sum, value) => sum + value, 0) / plane.length))
  const level = new Level(missing, height, width)
  return planes.map(plane => {
    const own = plane.slice()
    level.fill(own)
    return own
  })
}
