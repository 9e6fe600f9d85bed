/** @file Woven basket: bands that pass over and under one another, in squares of crossing direction. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass, toWhole } from '../scene.js'

export const wovenBasket: SceneClass = {
  name: 'woven basket',
  spacing: 2.1,
  draw(draws) {
    const width = draws.between(0.02, 0.08)
    const bands = 3
    const round = draws.between(0.1, 0.5)
    const shade = draws.between(0.1, 0.4)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const column = Math.floor(u)
      const row = Math.floor(v)
      const upright = (column + row) & 1
      const across = upright ? u - column : v - row
      const along = upright ? v - row : u - column
      const band = Math.floor(across * bands)
      const edge = Math.min(toWhole(across * bands) / bands, Math.min(along, 1 - along))
      return (
        groove(edge * 1.6, width) * (1 - round * Math.abs(2 * along - 1)) * (1 - shade * cellNoise(column * 5 + band, row, salt))
      )
    }
  },
}
