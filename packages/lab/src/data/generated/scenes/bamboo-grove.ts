/** @file Bamboo grove: round stems with joints, thick and thin, before a row of others that lean. */

import { cellNoise } from '../noise.js'
import type { SceneClass } from '../scene.js'

export const bambooGrove: SceneClass = {
  name: 'bamboo grove',
  spacing: 1.25,
  draw(draws) {
    const lean = draws.between(0.1, 0.35) * draws.sign()
    const joint = draws.between(2.2, 3.4)
    const thick = draws.between(0.5, 0.7)
    const deep = draws.between(0.35, 0.65)
    const salt = draws.integer(2 ** 30)
    const stem = (u: number, v: number, layer: number): number => {
      const column = Math.floor(u)
      const half = (thick * (0.55 + 0.6 * cellNoise(column, layer, salt))) / 2
      const centre = 0.5 + (1 - 2 * half) * 0.8 * (cellNoise(column, layer, salt + 3) - 0.5)
      const across = (u - column - centre) / half
      if (Math.abs(across) > 1) return -1
      const along = v / joint + cellNoise(column, layer, salt + 5)
      const gap = Math.abs(along - Math.round(along)) * joint
      return gap < 0.09 ? 0.15 : Math.sqrt(1 - across * across * 0.9)
    }
    return (u, v) => {
      const front = stem(u, v, 0)
      if (front >= 0) return front
      const back = stem(u + lean * v + 0.37, v, 1)
      return back >= 0 ? back * deep : 0
    }
  },
}
