/** @file Tiled floor: square cells in straight rows and columns. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass, toWhole } from '../scene.js'

export const tiledFloor: SceneClass = {
  name: 'tiled floor',
  spacing: 1.1,
  draw(draws) {
    const width = draws.between(0.02, 0.1)
    const stretch = draws.between(0.9, 1.1)
    const shade = draws.between(0.1, 0.5)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const across = u * stretch
      return (
        groove(Math.min(toWhole(across), toWhole(v)), width) * (1 - shade * cellNoise(Math.floor(across), Math.floor(v), salt))
      )
    }
  },
}
