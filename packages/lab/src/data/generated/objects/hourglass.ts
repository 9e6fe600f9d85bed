/** @file Hourglass: two cups joined at a narrow waist, between two caps. */

import { bar, mix, type ObjectClass } from '../object.js'

export const hourglass: ObjectClass = {
  name: 'hourglass',
  draw(draws) {
    const cap = draws.between(0.12, 0.2)
    const level = draws.between(0.2, 0.5)
    return fullness => {
      const waist = mix(0.06, 0.4, fullness)
      const shoulder = mix(0.15, 0.8, fullness)
      const top = 1 - cap
      const side = [
        0.92,
        top,
        mix(0.4, 0.95, shoulder),
        top * 0.55,
        waist,
        0.06,
        waist,
        -0.06,
        mix(0.4, 0.95, shoulder),
        -top * 0.55,
        0.92,
        -top,
      ]
      const mirrored: number[] = []
      for (let i = side.length - 2; i >= 0; i -= 2) mirrored.push(-side[i]!, side[i + 1]!)
      return {
        body: [[-1, 1, 1, 1, 1, top, ...side, 1, -top, 1, -1, -1, -1, -1, -top, ...mirrored, -1, top]],
        detail: [
          bar(-0.8, -top, 0.8, -top, 0.1),
          bar(-0.8, top, 0.8, top, 0.1),
          [-0.75, top * 0.95, 0.75, top * 0.95, 0, top * level],
        ],
      }
    }
  },
}
