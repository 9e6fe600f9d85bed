/** @file Draws one cut-out: a class's outline turned, made as full as its place asks, stretched to its box, textured and lit. */

import type { Draws } from './draws.js'
import { fill, filledArea } from './fill.js'
import { smoothNoise } from './noise.js'
import type { ObjectClass, Outline } from './object.js'
import { lightSlope, palette } from './palette.js'

/** Sides of a cut-out in pixels, and the share of its box that its body fills. */
export interface CutOutFrame {
  readonly width: number
  readonly height: number
  readonly fullness: number
}

export interface CutOut {
  /** [height, width, 3] RGB. */
  readonly pixels: Uint8Array
  /** [height, width], 0..255. */
  readonly mask: Uint8Array
}

const turned = (outline: Outline, cosine: number, sine: number): number[] => {
  const result = new Array<number>(outline.length)
  for (let i = 0; i < outline.length; i += 2) {
    result[i] = outline[i]! * cosine - outline[i + 1]! * sine
    result[i + 1] = outline[i]! * sine + outline[i + 1]! * cosine
  }
  return result
}

interface Extent {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

function extentOf(outline: Outline): Extent {
  let left = outline[0]!
  let right = left
  let top = outline[1]!
  let bottom = top
  for (let i = 2; i < outline.length; i += 2) {
    left = Math.min(left, outline[i]!)
    right = Math.max(right, outline[i]!)
    top = Math.min(top, outline[i + 1]!)
    bottom = Math.max(bottom, outline[i + 1]!)
  }
  return { left, top, width: right - left, height: bottom - top }
}

/** Mean over a (2 radius + 1) square, zero outside, in two passes. */
function blurred(values: Float64Array, width: number, height: number, radius: number): Float64Array {
  const across = new Float64Array(values.length)
  const result = new Float64Array(values.length)
  const share = 1 / (2 * radius + 1)
  for (let row = 0; row < height; row++) {
    let sum = 0
    for (let column = -radius; column < width; column++) {
      if (column + radius < width) sum += values[row * width + column + radius]!
      if (column - radius - 1 >= 0) sum -= values[row * width + column - radius - 1]!
      if (column >= 0) across[row * width + column] = sum * share
    }
  }
  for (let column = 0; column < width; column++) {
    let sum = 0
    for (let row = -radius; row < height; row++) {
      if (row + radius < height) sum += across[(row + radius) * width + column]!
      if (row - radius - 1 >= 0) sum -= across[(row - radius - 1) * width + column]!
      if (row >= 0) result[row * width + column] = sum * share
    }
  }
  return result
}

/** The cut-out of one object in a frame of `width` x `height` pixels of a picture with `size` pixels a side. */
export function drawObject(object: ObjectClass, draws: Draws, frame: CutOutFrame, size: number): CutOut {
  const { width, height } = frame
  const angle = draws.between(-0.35, 0.35)
  const mirrored = draws.sign() < 0
  const cosine = Math.cos(angle)
  const sine = Math.sin(angle)
  const drawing = object.draw(draws)

  // Bisection on how full the body is of its own box, after the turn.
  let low = 0
  let high = 1
  for (let step = 0; step < 8; step++) {
    const middle = (low + high) / 2
    const body = drawing(middle).body
    const { width: across, height: down } = extentOf(turned(body[0]!, cosine, sine))
    if (filledArea(body) < frame.fullness * across * down) low = middle
    else high = middle
  }
  const { body, detail } = drawing((low + high) / 2)
  const box = extentOf(turned(body[0]!, cosine, sine))
  const placed = (outline: Outline): number[] => {
    const result = turned(outline, cosine, sine)
    for (let i = 0; i < result.length; i += 2) {
      const x = (result[i]! - box.left) / box.width
      result[i] = (mirrored ? 1 - x : x) * width
      result[i + 1] = ((result[i + 1]! - box.top) / box.height) * height
    }
    return result
  }
  const cover = new Float64Array(width * height)
  fill(body.map(placed), cover, width, height)
  const marks = new Float64Array(width * height)
  for (const outline of detail) fill([placed(outline)], marks, width, height)
  const depth = blurred(cover, width, height, Math.max(1, Math.round((size / 64) * 2)))

  const tone = draws.between(0.65, 0.95)
  const rim = draws.between(0.6, 0.9)
  const mark = draws.between(0.4, 0.65)
  const mottle = draws.between(0.03, 0.18)
  const mottleCells = Math.exp(draws.between(1.6, 3.4)) / size
  const fine = Math.exp(draws.between(-4.5, -2.7))
  const salt = draws.integer(2 ** 30)
  const colours = palette(draws, 0.45)
  const [across, down] = lightSlope(draws)
  let state = draws.integer(2 ** 30) | 1

  const pixels = new Uint8Array(width * height * 3)
  const mask = new Uint8Array(width * height)
  for (let i = 0; i < cover.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223
    if (cover[i]! <= 0) continue
    const column = i % width
    const row = (i - column) / width
    const edge = Math.min(1, 2 * (1 - depth[i]!))
    let value = tone - rim * edge * edge - mark * Math.min(1, marks[i]!)
    value += mottle * smoothNoise(column * mottleCells, row * mottleCells, salt) + (fine * state) / 2 ** 31
    const light = 1 + across * (column / width - 0.5) + down * (row / height - 0.5)
    const level = 3 * Math.round(255 * Math.min(1, Math.max(0, value)))
    for (let channel = 0; channel < 3; channel++) pixels[3 * i + channel] = Math.min(255, colours[level + channel]! * light + 0.5)
    mask[i] = Math.min(255, Math.round(255 * cover[i]!))
  }
  return { pixels, mask }
}
