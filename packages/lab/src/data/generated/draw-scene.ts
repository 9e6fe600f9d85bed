/** @file Draws one scene picture: a class's pattern, bent, turned and scaled; a drawn spectrum; a palette; a slope of light. */

import type { Draws } from './draws.js'
import { lightSlope, palette } from './palette.js'
import type { SceneClass } from './scene.js'
import { flattenHistogram, shapeSpectrum } from './spectrum.js'

/** Side of the smallest cell as a share of the picture's side. */
const smallest = 0.13
const largest = 0.165

/** How far each row (or column) of the picture is pushed aside, as a share of the side: two slow waves. */
function bend(draws: Draws, size: number): Float64Array {
  const waves = [1, 2].map(k => [2 * Math.PI * k, draws.between(0, 0.015 / k), draws.free(0, 2 * Math.PI)] as const)
  const result = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    for (const [frequency, strength, phase] of waves)
      result[i] = result[i]! + strength * Math.sin((frequency * (i + 0.5)) / size + phase)
  }
  return result
}

/** [size, size, 3] RGB. */
export function drawScene(scene: SceneClass, draws: Draws, size: number): Uint8Array {
  const spacing = scene.spacing * draws.between(smallest, largest)
  const turn = draws.between(-0.3, 0.3)
  const cosine = Math.cos(turn) / spacing
  const sine = Math.sin(turn) / spacing
  const left = draws.free(0, 64)
  const top = draws.free(0, 64)
  const across = bend(draws, size)
  const down = bend(draws, size)
  const grain = draws.between(0.02, 0.08) / 2 ** 31
  const pattern = scene.draw(draws, [left, top], 1 / spacing)
  let state = draws.integer(2 ** 30) | 1

  const field = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = (column + 0.5) / size - 0.5 + across[row]!
      const y = (row + 0.5) / size - 0.5 + down[column]!
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      field[row * size + column] = pattern(x * cosine - y * sine + left, x * sine + y * cosine + top) + grain * state
    }
  }
  shapeSpectrum(field, size, draws)
  flattenHistogram(field)

  const colours = palette(draws, 0.42)
  const [lightAcross, lightDown] = lightSlope(draws)
  const pixels = new Uint8Array(size * size * 3)
  for (let i = 0; i < field.length; i++) {
    const light = 1 + lightAcross * (((i % size) + 0.5) / size - 0.5) + lightDown * (Math.floor(i / size) / size - 0.5)
    const tone = 3 * ((field[i]! * 255.999) | 0)
    for (let channel = 0; channel < 3; channel++) {
      const value = colours[tone + channel]! * light + 0.5
      pixels[3 * i + channel] = value > 255 ? 255 : value
    }
  }
  return pixels
}
