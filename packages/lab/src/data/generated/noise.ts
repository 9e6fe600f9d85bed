/** @file Cheap deterministic noise: a hash of a lattice cell, and smooth values between lattice points. */

/** Uniform in [0, 1) from a cell's indices and a salt (32-bit mixing; the same on every machine). */
export function cellNoise(column: number, row: number, salt: number): number {
  let h = Math.imul(column, 0x9e3779b1) ^ Math.imul(row, 0x85ebca77) ^ salt
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296
}

/** Smooth noise in [-1, 1]: bilinear between lattice values with eased steps. */
export function smoothNoise(x: number, y: number, salt: number): number {
  const column = Math.floor(x)
  const row = Math.floor(y)
  const a = x - column
  const b = y - row
  const s = a * a * (3 - 2 * a)
  const t = b * b * (3 - 2 * b)
  const top = cellNoise(column, row, salt) * (1 - s) + cellNoise(column + 1, row, salt) * s
  const bottom = cellNoise(column, row + 1, salt) * (1 - s) + cellNoise(column + 1, row + 1, salt) * s
  return 2 * (top * (1 - t) + bottom * t) - 1
}
