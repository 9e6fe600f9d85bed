/** @file Fish: a rounded body, a forked tail, an eye and stripes. */

import { arc, bar, disc, mix, type ObjectClass } from '../object.js'

export const fish: ObjectClass = {
  name: 'fish',
  draw(draws) {
    const fork = draws.between(0.1, 0.3)
    const eye = draws.between(0.08, 0.13)
    const tail = draws.between(0.85, 1)
    return fullness => {
      const half = mix(0.45, 1, fullness)
      const stalk = mix(0.08, 0.3, fullness)
      const join = mix(-0.35, -0.55, fullness)
      const turn = Math.PI - 0.35
      return {
        body: [[join, -stalk, ...arc(0.25, 0, 0.75, half, -turn, turn, 26), join, stalk, -1, tail, -1 + fork, 0, -1, -tail]],
        detail: [
          disc(0.65, -0.18 * half, eye, 10),
          bar(0.35, -0.6 * half, 0.35, 0.6 * half, 0.1),
          bar(0.05, -0.7 * half, 0.05, 0.7 * half, 0.07),
          bar(-0.22, -0.5 * half, -0.22, 0.5 * half, 0.07),
        ],
      }
    }
  },
}
