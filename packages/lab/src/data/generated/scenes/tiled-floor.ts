/** @file Tiled floor: square cells in straight rows and columns, dark and light in turn. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass, toWhole } from '../scene.js'

export const tiledFloor: SceneClass = {
  name: 'tiled floor',
  spacing: 1.1,
  draw(draws) {
    const width = draws.between(0.02, 0.1)
    const stretch = draws.between(0.9, 1.1)
    const shade = draws.between(0.05, 0.25)
    const dark = draws.between(0.3, 0.6)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const column = Math.floor(u * stretch)
      const row = Math.floor(v)
      const edge = Math.min(toWhole(u * stretch), toWhole(v))
      return groove(edge, width) * (1 - dark * ((column + row) & 1) - shade * cellNoise(column, row, salt))
    }
  },
}
