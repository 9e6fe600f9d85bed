/** @file A picture's mean colours on an 8 x 8 grid. */

const cells = 8

/** [8, 8, 3] means; with weights, what lies outside counts nothing and is 0. */
export function shrunk(pixels: Uint8Array, size: number, weights?: Uint8Array): Float64Array {
  const sums = new Float64Array(cells * cells * 3)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = row * size + column
      const to = 3 * (Math.floor((row * cells) / size) * cells + Math.floor((column * cells) / size))
      const weight = weights ? weights[from]! / 255 : 1
      for (let channel = 0; channel < 3; channel++)
        sums[to + channel] = sums[to + channel]! + weight * pixels[3 * from + channel]!
    }
  }
  return sums
}
