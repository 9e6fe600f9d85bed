/** @file Writes PNG pictures: 8-bit grey, RGB or RGBA; works in the browser. */
import { zlibSync } from 'fflate'
import type { Pixels } from '../io/pixels.js'

const colorTypes = { 1: 0, 3: 2, 4: 6 } as const

/**
 * A picture as PNG bytes. Each row is stored with the one of PNG's five predictors that leaves the smallest sum of absolute
 * differences. Equal pixels give equal bytes: there is no date and no text in the file.
 */
export function encodePng(picture: Pixels): Uint8Array {
  const { width, height, channels } = picture
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, colorTypes[channels], 0, 0, 0], 8)
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(filterRows(picture), { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]
  const out = new Uint8Array(8 + chunks.reduce((sum, part) => sum + part.length, 0))
  out.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  let at = 8
  for (const part of chunks) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** What each predictor expects of a sample, from its left, upper and upper-left neighbours; the place is PNG's filter type. */
const predictors: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  left => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const guess = left + up - corner
    const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
    return a <= b && a <= c ? left : b <= c ? up : corner
  },
]

function filterRows({ width, height, channels, data }: Pixels): Uint8Array {
  const row = width * channels
  const out = new Uint8Array(height * (row + 1))
  const candidates = predictors.map(() => new Uint8Array(row))
  for (let y = 0; y < height; y++) {
    const start = y * row
    let best = 0
    let bestCost = Number.POSITIVE_INFINITY
    predictors.forEach((predict, type) => {
      const line = candidates[type]!
      let cost = 0
      for (let x = 0; x < row; x++) {
        const left = x >= channels ? data[start + x - channels]! : 0
        const up = y > 0 ? data[start + x - row]! : 0
        const corner = x >= channels && y > 0 ? data[start + x - row - channels]! : 0
        const difference = (data[start + x]! - predict(left, up, corner)) & 255
        line[x] = difference
        cost += difference < 128 ? difference : 256 - difference
      }
      if (cost < bestCost) {
        bestCost = cost
        best = type
      }
    })
    out[y * (row + 1)] = best
    out.set(candidates[best]!, y * (row + 1) + 1)
  }
  return out
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, content.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(content, 8)
  view.setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)))
  return out
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc >>> 0
})

/** CRC-32 as PNG and zip use it (polynomial 0xEDB88320, reflected). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255]!
  return (crc ^ 0xffffffff) >>> 0
}
