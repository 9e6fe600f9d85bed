/** @file Smooth masks over a picture from few numbers, and the chain rule back to these, in double precision. */
import { gaussianBlur } from '../../blur.js'

/** A mask of height x width made from `rows` x `columns` parameters. */
export interface MaskMap {
  readonly rows: number
  readonly columns: number
  mask(parameters: Float64Array): Float64Array
  /** d L / d parameters from d L / d mask. */
  back(parameters: Float64Array, gradient: ArrayLike<number>): Float64Array
}

/** What each of `cells` cells of `step` places gives to each place of a line: linear interpolation between centres, then a blur. */
function lineWeights(length: number, step: number, sigma: number): Float32Array[] {
  const cells = Math.ceil(length / step)
  return Array.from({ length: cells }, (_, cell) => {
    const tent = Float64Array.from({ length }, (_, place) => {
      const at = Math.min(cells - 1, Math.max(0, (place + 0.5) / step - 0.5))
      return Math.max(0, 1 - Math.abs(at - cell))
    })
    return gaussianBlur(tent, 1, 1, length, sigma)
  })
}

/** A grid of cells of `step` places, enlarged bilinearly and blurred: mask = R p C^T. Fong, Vedaldi 2017, section 4.3. */
export function blurredMask(height: number, width: number, step: number, sigma: number): MaskMap {
  const [down, across] = [lineWeights(height, step, sigma), lineWeights(width, step, sigma)]
  const [rows, columns] = [down.length, across.length]
  return {
    rows,
    columns,
    mask: parameters => {
      const lines = new Float64Array(rows * width)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++)
          for (let x = 0; x < width; x++) lines[r * width + x]! += parameters[r * columns + c]! * across[c]![x]!
      const mask = new Float64Array(height * width)
      for (let r = 0; r < rows; r++)
        for (let y = 0; y < height; y++) {
          const weight = down[r]![y]!
          if (weight !== 0) for (let x = 0; x < width; x++) mask[y * width + x]! += weight * lines[r * width + x]!
        }
      return mask
    },
    back: (_, gradient) => {
      const out = new Float64Array(rows * columns)
      const line = new Float64Array(width)
      for (let r = 0; r < rows; r++) {
        line.fill(0)
        for (let y = 0; y < height; y++) {
          const weight = down[r]![y]!
          if (weight !== 0) for (let x = 0; x < width; x++) line[x]! += weight * gradient[y * width + x]!
        }
        for (let c = 0; c < columns; c++) for (let x = 0; x < width; x++) out[r * columns + c]! += across[c]![x]! * line[x]!
      }
      return out
    },
  }
}

/** Softness of the maximum: the larger, the harder. */
const sharpness = 20

/**
 * mask(u) = smooth maximum over cells c near u of z_c = k(|u - c| / sigma) p_c, k(d) = exp(-2 max(0, d - 1/2)^2): the smooth maximum is
 * sum_c z_c softmax(20 z)_c. Cells have `step` places; those within 1 + ceil(sigma / step) cells of u's own count. A cell at 1 gives a disk that is
 * flat out to sigma / 2. Cells beyond the edge repeat those at the edge, so that no place is favoured. Fong, Patrick, Vedaldi 2019, section 3.2.
 */
export function smoothMaximumMask(height: number, width: number, step: number, sigma: number): MaskMap {
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)]
  const reach = 1 + Math.ceil(sigma / step)
  const side = 2 * reach + 1
  // By place within its own cell and by cell around it.
  const kernel = new Float64Array(step * step * side * side)
  for (let at = 0; at < kernel.length; at++) {
    const [place, cell] = [Math.floor(at / side ** 2), at % side ** 2]
    const along = (within: number, cells: number): number => within + 0.5 - step / 2 - step * (cells - reach)
    const far = Math.hypot(along(Math.floor(place / step), Math.floor(cell / side)), along(place % step, cell % side))
    kernel[at] = Math.exp(-2 * Math.max(0, far / sigma - 0.5) ** 2)
  }
  const [cells, factors, terms, powers] = [
    new Int32Array(side ** 2),
    ...Array.from({ length: 3 }, () => new Float64Array(side ** 2)),
  ]
  /** Reads the cells near (y, x): the mask there, and what the softmax divides by. */
  const near = (parameters: Float64Array, y: number, x: number): readonly [mask: number, total: number] => {
    const [cy, cx] = [Math.floor(y / step), Math.floor(x / step)]
    const start = ((y % step) * step + (x % step)) * side ** 2
    let [count, total, sum] = [0, 0, 0]
    for (let r = 0; r < side; r++)
      for (let c = 0; c < side; c++) {
        const factor = kernel[start + count]!
        const cell =
          Math.min(rows - 1, Math.max(0, cy + r - reach)) * columns + Math.min(columns - 1, Math.max(0, cx + c - reach))
        const term = factor * parameters[cell]!
        const power = Math.exp(sharpness * term)
        total += power
        sum += power * term
        cells[count] = cell
        factors![count] = factor
        terms![count] = term
        powers![count++] = power
      }
    return [sum / total, total]
  }
  return {
    rows,
    columns,
    mask: parameters => {
      const mask = new Float64Array(height * width)
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) mask[y * width + x] = near(parameters, y, x)[0]
      return mask
    },
    back: (parameters, gradient) => {
      const out = new Float64Array(rows * columns)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const slope = gradient[y * width + x]!
          if (slope === 0) continue
          const [mask, total] = near(parameters, y, x)
          for (let k = 0; k < cells.length; k++) {
            const share = (powers![k]! / total) * (1 + sharpness * (terms![k]! - mask))
            out[cells[k]!]! += slope * share * factors![k]!
          }
        }
      return out
    },
  }
}
