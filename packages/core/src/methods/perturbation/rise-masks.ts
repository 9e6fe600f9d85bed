/** @file RISE's masks: coarse random grids, enlarged bilinearly and shifted, as matrices that do it. */
import { Random } from '../../random.js'

export interface RiseMasks {
  /** Cells along each side of a grid: one more than the picture shows, for the shift. */
  readonly side: number
  /** [side, side] of zeros and ones, and the shift in places; from seed and index only. */
  draw(index: number): { readonly grid: Uint8Array; readonly top: number; readonly left: number }
  /** [height, side]: the weight of each row of cells at each row of places; one matrix for each shift. */
  readonly down: readonly Float64Array[]
  /** [width, side]: the same for columns. */
  readonly across: readonly Float64Array[]
}

/** Weights of cells at places for every shift within a cell: two neighbours each, half a cell off at the edges like the picture's own. */
function shifts(places: number, cells: number): Float64Array[] {
  const [side, cell] = [cells + 1, Math.ceil(places / cells)]
  return Array.from({ length: cell }, (_, shift) => {
    const weights = new Float64Array(places * side)
    for (let place = 0; place < places; place++) {
      const position = Math.min(side - 1, Math.max(0, (place + shift + 0.5) / cell - 0.5))
      const low = Math.min(side - 2, Math.floor(position))
      weights[place * side + low] = 1 - (position - low)
      weights[place * side + low + 1] = position - low
    }
    return weights
  })
}

/** Mask k is down[top] grid across[left]^T: each cell kept with probability `probability`. */
export function riseMasks(cells: number, probability: number, height: number, width: number, seed: number): RiseMasks {
  const side = cells + 1
  const [down, across] = [shifts(height, cells), shifts(width, cells)]
  return {
    side,
    down,
    across,
    draw(index) {
      const random = new Random(seed, index)
      const grid = Uint8Array.from({ length: side * side }, () => (random.uniform() < probability ? 1 : 0))
      return { grid, top: random.integer(down.length), left: random.integer(across.length) }
    },
  }
}

/** sum_k weight_k mask_k [height, width], in double precision: grids are summed by shift, then enlarged, once for each shift. */
export class MaskSum {
  readonly #sums = new Map<number, Float64Array>()

  constructor(private readonly masks: RiseMasks) {}

  add({ grid, top, left }: ReturnType<RiseMasks['draw']>, weight: number): void {
    const shift = top * this.masks.across.length + left
    const sum = this.#sums.get(shift) ?? new Float64Array(grid.length)
    this.#sums.set(shift, sum)
    for (let i = 0; i < grid.length; i++) sum[i]! += weight * grid[i]!
  }

  total(): Float64Array {
    const { side, down, across } = this.masks
    const [height, width] = [down[0]!.length / side, across[0]!.length / side]
    const out = new Float64Array(height * width)
    const rows = new Float64Array(side * width)
    down.forEach((weights, top) => {
      rows.fill(0)
      across.forEach((columns, left) => {
        const sum = this.#sums.get(top * across.length + left)
        if (sum) addProduct(rows, sum, side, columns, width)
      })
      for (let y = 0; y < height; y++)
        for (let cell = 0; cell < side; cell++) {
          const weight = weights[y * side + cell]!
          if (weight === 0) continue
          for (let x = 0; x < width; x++) out[y * width + x]! += weight * rows[cell * width + x]!
        }
    })
    return out
  }
}

/** out [side, width] += grid [side, side] columns^T, columns being [width, side]. */
function addProduct(out: Float64Array, grid: Float64Array, side: number, columns: Float64Array, width: number): void {
  for (let x = 0; x < width; x++)
    for (let cell = 0; cell < side; cell++) {
      const weight = columns[x * side + cell]!
      if (weight === 0) continue
      for (let row = 0; row < side; row++) out[row * width + x]! += grid[row * side + cell]! * weight
    }
}
