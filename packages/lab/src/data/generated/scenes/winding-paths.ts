/** @file Winding paths: quarter circles joined across square cells, each cell turned by chance (Truchet, 1704; Smith, 1987). */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass } from '../scene.js'

export const windingPaths: SceneClass = {
  name: 'winding paths',
  spacing: 1.15,
  draw(draws) {
    const width = draws.between(0.1, 0.18)
    const shade = draws.between(0, 0.2)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const column = Math.floor(u)
      const row = Math.floor(v)
      const across = cellNoise(column, row, salt) < 0.5 ? u - column : 1 - u + column
      const down = v - row
      const first = Math.abs(Math.hypot(across, down) - 0.5)
      const second = Math.abs(Math.hypot(1 - across, 1 - down) - 0.5)
      return groove(Math.min(first, second), width) * (1 - shade * cellNoise(column, row, salt + 3))
    }
  },
}
