/** @file Scale roof: rows of round tiles, each row lying over the next. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass } from '../scene.js'

export const scaleRoof: SceneClass = {
  name: 'scale roof',
  spacing: 1.6,
  draw(draws) {
    const width = draws.between(0.02, 0.08)
    const radius = draws.between(0.6, 0.72)
    const slope = draws.between(0.4, 0.7)
    const shade = draws.between(0.1, 0.4)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      // Rows are half a cell apart; the uppermost tile that covers the place is seen.
      const first = Math.floor(2 * v) + 2
      for (let row = first; row > first - 6; row--) {
        const shift = row & 1 ? 0.5 : 0
        const column = Math.round(u - shift)
        const across = u - shift - column
        const down = v - row / 2
        const distance = Math.hypot(across, down)
        if (distance > radius || down > 0.5) continue
        return groove(radius - distance, width) * (1 - shade * cellNoise(column, row, salt)) * (1 - slope * (0.5 + down))
      }
      return 0
    }
  },
}
