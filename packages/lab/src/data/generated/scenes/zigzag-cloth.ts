/** @file Zigzag cloth: stripes folded to and fro. */

import { cellNoise } from '../noise.js'
import { groove, type SceneClass, toWhole } from '../scene.js'

export const zigzagCloth: SceneClass = {
  name: 'zigzag cloth',
  spacing: 0.75,
  draw(draws) {
    const width = draws.between(0.08, 0.2)
    const fold = draws.between(1.5, 2.2)
    const steep = draws.between(0.8, 1.2)
    const shade = draws.between(0.1, 0.5)
    const salt = draws.integer(2 ** 30)
    return (u, v) => {
      const down = v + steep * 2 * fold * toWhole(u / (2 * fold))
      return groove(toWhole(down), width) * (1 - shade * cellNoise(Math.floor(u / fold), Math.floor(down), salt))
    }
  },
}
