/** @file A picture from some of its pixels: the rest interpolated linearly over a Delaunay triangulation. */
import type { Pixels } from '../../io/pixels.js'
import { triangulate } from './delaunay.js'

/** Nearest whole number, halves to the even one. */
const rounded = (value: number): number => {
  const low = Math.floor(value)
  const part = value - low
  return part > 0.5 || (part === 0.5 && low % 2 !== 0) ? low + 1 : low
}

/**
 * Known pixels as they are, the others interpolated channel by channel; the four corners always count as known. One triangulation serves
 * all channels.
 * @param known by place, row-major
 */
export function interpolated(picture: Pixels, known: ArrayLike<number>): Pixels {
  const { width, height, channels, data } = picture
  const given = Uint8Array.from({ length: width * height }, (_, i) => (known[i] ? 1 : 0))
  for (const corner of [0, width - 1, width * (height - 1), width * height - 1]) given[corner] = 1
  const out = Uint8Array.from(data)
  if (!given.includes(0)) return { width, height, channels, data: out }
  const { count, corners } = triangulate(given, height, width)
  for (let t = 0; t < count; t++) {
    const [a, b, c] = [corners[3 * t]!, corners[3 * t + 1]!, corners[3 * t + 2]!]
    const [ax, bx, cx] = [a % width, b % width, c % width]
    const [ay, by, cy] = [Math.floor(a / width), Math.floor(b / width), Math.floor(c / width)]
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    for (let y = Math.min(ay, by, cy); y <= Math.max(ay, by, cy); y++)
      for (let x = Math.min(ax, bx, cx); x <= Math.max(ax, bx, cx); x++) {
        const place = y * width + x
        if (given[place]) continue
        const wa = (bx - x) * (cy - y) - (by - y) * (cx - x)
        const wb = (cx - x) * (ay - y) - (cy - y) * (ax - x)
        const wc = area - wa - wb
        if (wa < 0 || wb < 0 || wc < 0) continue
        given[place] = 2
        for (let k = 0; k < channels; k++)
          out[place * channels + k] = rounded(
            (wa * data[a * channels + k]! + wb * data[b * channels + k]! + wc * data[c * channels + k]!) / area,
          )
      }
  }
  return { width, height, channels, data: out }
}
