/** @file Brick wall: rows of long cells, each row shifted against the next. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass, toWhole } from '../scene.js'

export const brickWall: SceneClass = {
  name: 'brick wall',
  spacing: 0.8,
  draw(draws) {
    const width = draws.between(0.02, 0.1)
    const length = draws.between(1.8, 2.4)
    const shift = draws.between(0.4, 0.6)
    const shade = draws.between(0.1, 0.5)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const row = Math.floor(v)
      const along = u / length + shift * (row & 1)
      const edge = Math.min(toWhole(v), toWhole(along) * length)
      return groove(edge, width) * (1 - shade * cellNoise(Math.floor(along), row, salt))
    }
  },
}
