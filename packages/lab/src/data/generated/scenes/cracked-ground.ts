/** @file Cracked ground: irregular plates with cracks between them (the borders of nearest-point regions). */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass } from '../scene.js'

export const crackedGround: SceneClass = {
  name: 'cracked ground',
  spacing: 1.35,
  draw(draws) {
    const width = draws.between(0.02, 0.1)
    const jitter = draws.between(0.8, 1)
    const shade = draws.between(0.1, 0.5)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const column = Math.floor(u)
      const row = Math.floor(v)
      let nearest = 9
      let second = 9
      let owner = 0
      for (let j = row - 1; j <= row + 1; j++) {
        for (let i = column - 1; i <= column + 1; i++) {
          const du = i + 0.5 + jitter * (cellNoise(i, j, salt) - 0.5) - u
          const dv = j + 0.5 + jitter * (cellNoise(i, j, salt + 7) - 0.5) - v
          const d = du * du + dv * dv
          if (d < nearest) {
            second = nearest
            nearest = d
            owner = cellNoise(i, j, salt + 13)
          } else if (d < second) second = d
        }
      }
      return groove((Math.sqrt(second) - Math.sqrt(nearest)) / 2, width) * (1 - shade * owner)
    }
  },
}
