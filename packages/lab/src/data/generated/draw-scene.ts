/** @file Draws one scene picture: a class's pattern, bent, turned and scaled; a drawn spectrum; a palette; a slope of light. */

import type { Draws } from './draws.js'
import { smoothNoise } from './noise.js'
import { lightSlope, palette } from './palette.js'
import type { SceneClass } from './scene.js'
import { flattenHistogram, shapeSpectrum } from './spectrum.js'

/** Side of the smallest cell as a share of the picture's side. */
const smallest = 0.12
const largest = 0.17

/** [size, size, 3] RGB. */
export function drawScene(scene: SceneClass, draws: Draws, size: number): Uint8Array {
  const spacing = scene.spacing * draws.between(smallest, largest)
  const span = 1 / spacing
  const turn = draws.between(0, 2 * Math.PI)
  const cosine = Math.cos(turn) / spacing
  const sine = Math.sin(turn) / spacing
  const left = draws.free(-0.5, 0.5)
  const top = draws.free(-0.5, 0.5)
  const bend = draws.between(0.02, 0.06)
  const bendCells = draws.between(1.5, 2.5)
  const bendSalt = draws.integer(2 ** 30)
  const grain = draws.between(0.1, 0.3)
  const pattern = scene.draw(draws, span)
  let state = draws.integer(2 ** 30) | 1

  const field = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    const b = (row + 0.5) / size - 0.5
    for (let column = 0; column < size; column++) {
      const a = (column + 0.5) / size - 0.5
      const x = a + bend * smoothNoise(a * bendCells + left, b * bendCells + top, bendSalt)
      const y = b + bend * smoothNoise(a * bendCells + top, b * bendCells + left, bendSalt + 1)
      state = Math.imul(state, 1664525) + 1013904223
      field[row * size + column] = pattern(x * cosine - y * sine + left, x * sine + y * cosine + top) + (grain * state) / 2 ** 31
    }
  }
  shapeSpectrum(field, size, draws)
  flattenHistogram(field)

  const colours = palette(draws, 0.35)
  const [across, down] = lightSlope(draws)
  const pixels = new Uint8Array(size * size * 3)
  for (let i = 0; i < field.length; i++) {
    const light = 1 + across * (((i % size) + 0.5) / size - 0.5) + down * (Math.floor(i / size) / size - 0.5)
    const tone = 3 * ((field[i]! * 255.999) | 0)
    for (let channel = 0; channel < 3; channel++) {
      const value = colours[tone + channel]! * light + 0.5
      pixels[3 * i + channel] = value > 255 ? 255 : value
    }
  }
  return pixels
}
