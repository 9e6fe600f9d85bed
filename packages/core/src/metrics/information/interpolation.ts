/** @file A picture from some of its pixels: the rest interpolated linearly over a Delaunay triangulation. */
import type { Pixels } from '../../io/pixels.js'
import { GridTriangulation } from './delaunay.js'

/** Nearest whole number, halves to the even one. */
const rounded = (value: number): number => {
  const low = Math.floor(value)
  const part = value - low
  return part > 0.5 || (part === 0.5 && low % 2 !== 0) ? low + 1 : low
}

/**
 * For each mask: known pixels as they are, the others interpolated channel by channel; the four corners always count as known. One
 * triangulation serves all channels, and grows from mask to mask.
 * @param masks by place, row-major; each marks at least what the one before does
 */
export function interpolated(picture: Pixels, masks: readonly ArrayLike<number>[]): Pixels[] {
  const { width, height, data } = picture
  const mesh = new GridTriangulation(height, width)
  const known = new Uint8Array(width * height)
  for (const corner of [0, width - 1, width * (height - 1), width * height - 1]) known[corner] = 1
  return masks.map(mask => {
    for (let i = 0; i < known.length; i++) if (mask[i]) known[i] = 1
    if (!known.includes(0)) return { ...picture, data: Uint8Array.from(data) }
    mesh.add(known)
    return filled(picture, mesh, known.slice())
  })
}

/** @param given places with a value; those that get one are marked */
function filled({ width, height, channels, data }: Pixels, mesh: GridTriangulation, given: Uint8Array): Pixels {
  const out = Uint8Array.from(data)
  const { count, corners } = mesh.triangles()
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [corners[3 * t]!, corners[3 * t + 1]!, corners[3 * t + 2]!]
    const [ax, bx, cx] = [a % width, b % width, c % width]
    const [ay, by, cy] = [Math.floor(a / width), Math.floor(b / width), Math.floor(c / width)]
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    // The smallest triangle of a grid holds no other place.
    if (area === 1) continue
    for (let y = Math.min(ay, by, cy); y <= Math.max(ay, by, cy); y++)
      for (let x = Math.min(ax, bx, cx); x <= Math.max(ax, bx, cx); x++) {
        const place = y * width + x
        if (given[place]) continue
        const wa = (bx - x) * (cy - y) - (by - y) * (cx - x)
        const wb = (cx - x) * (ay - y) - (cy - y) * (ax - x)
        const wc = area - wa - wb
        if (wa < 0 || wb < 0 || wc < 0) continue
        given[place] = 1
        for (let k = 0; k < channels; k++)
          out[place * channels + k] = rounded(
            (wa * data[a * channels + k]! + wb * data[b * channels + k]! + wc * data[c * channels + k]!) / area,
          )
      }
  }
  return { width, height, channels, data: out }
}
