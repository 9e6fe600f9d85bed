/** @file Two-dimensional Fourier transform of a square, in place, sides a power of two (radix-2, decimation in time). */

interface Plan {
  readonly order: Int32Array
  readonly cosines: Float64Array
  readonly sines: Float64Array
}

const plans = new Map<number, Plan>()

function planOf(size: number): Plan {
  const known = plans.get(size)
  if (known) return known
  const order = new Int32Array(size)
  for (let i = 1; i < size; i++) order[i] = (order[i >> 1]! >> 1) | (i & 1 ? size >> 1 : 0)
  const cosines = Float64Array.from({ length: size >> 1 }, (_, i) => Math.cos((2 * Math.PI * i) / size))
  const sines = Float64Array.from({ length: size >> 1 }, (_, i) => -Math.sin((2 * Math.PI * i) / size))
  const plan = { order, cosines, sines }
  plans.set(size, plan)
  return plan
}

/** Transforms every column at once: a butterfly takes two rows, so that the inner loop runs over neighbouring numbers. */
function transformColumns(re: Float64Array, im: Float64Array, size: number, plan: Plan): void {
  const { order, cosines, sines } = plan
  for (let i = 0; i < size; i++) {
    const j = order[i]!
    if (j <= i) continue
    for (let a = i * size, b = j * size, end = a + size; a < end; a++, b++) {
      const r = re[a]!
      const m = im[a]!
      re[a] = re[b]!
      im[a] = im[b]!
      re[b] = r
      im[b] = m
    }
  }
  for (let half = 1, turn = size >> 1; half < size; half <<= 1, turn >>= 1) {
    for (let k = 0; k < half; k++) {
      const c = cosines[k * turn]!
      const s = sines[k * turn]!
      for (let i = k; i < size; i += 2 * half) {
        for (let a = i * size, b = a + half * size, end = a + size; a < end; a++, b++) {
          const x = re[b]!
          const y = im[b]!
          const r = x * c - y * s
          const m = x * s + y * c
          re[b] = re[a]! - r
          im[b] = im[a]! - m
          re[a] = re[a]! + r
          im[a] = im[a]! + m
        }
      }
    }
  }
}

function transpose(values: Float64Array, size: number): void {
  for (let row = 0; row < size; row++) {
    for (let column = row + 1; column < size; column++) {
      const a = row * size + column
      const b = column * size + row
      const kept = values[a]!
      values[a] = values[b]!
      values[b] = kept
    }
  }
}

/** Replaces the [size, size] field re + i*im by its discrete Fourier transform (unnormalised). Exchange the two arrays for the inverse. */
export function fourier(re: Float64Array, im: Float64Array, size: number): void {
  const plan = planOf(size)
  for (let pass = 0; pass < 2; pass++) {
    transformColumns(re, im, size, plan)
    transpose(re, size)
    transpose(im, size)
  }
}

const rings = new Map<number, Int32Array>()

/** The whole-number radius (rounded, cycles per picture) of every frequency of a [size, size] transform. */
export function frequencyRings(size: number): Int32Array {
  const known = rings.get(size)
  if (known) return known
  const result = new Int32Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      result[row * size + column] = Math.round(
        Math.hypot(row < size / 2 ? row : row - size, column < size / 2 ? column : column - size),
      )
    }
  }
  rings.set(size, result)
  return result
}
