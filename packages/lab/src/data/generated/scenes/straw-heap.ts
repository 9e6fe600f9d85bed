/** @file Straw heap: straight stalks in all directions, lying over one another. */

import { cellNoise } from '../noise.js'
import type { SceneClass } from '../scene.js'

export const strawHeap: SceneClass = {
  name: 'straw heap',
  spacing: 1,
  draw(draws) {
    const thick = draws.between(0.12, 0.22)
    const reach = draws.between(0.8, 1.1)
    const ground = draws.between(0, 0.3)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const column = Math.floor(u)
      const row = Math.floor(v)
      let top = -1
      let value = ground
      for (let j = row - 1; j <= row + 1; j++) {
        for (let i = column - 1; i <= column + 1; i++) {
          const height = cellNoise(i, j, salt + 11)
          if (height < top) continue
          const angle = Math.PI * cellNoise(i, j, salt)
          const x = u - i - cellNoise(i, j, salt + 3)
          const y = v - j - cellNoise(i, j, salt + 5)
          const across = x * Math.sin(angle) - y * Math.cos(angle)
          if (Math.abs(across) > thick || Math.abs(x * Math.cos(angle) + y * Math.sin(angle)) > reach) continue
          top = height
          value = (0.5 + 0.5 * height) * Math.sqrt(1 - (across * across) / (thick * thick))
        }
      }
      return value
    }
  },
}
