/** @file Cross: two bars over one another, with a line along each arm and a knob where they meet. */

import { bar, disc, mix, type ObjectClass } from '../object.js'

export const cross: ObjectClass = {
  name: 'cross',
  draw(draws) {
    const waist = draws.between(-0.06, 0.06)
    const line = draws.between(0.08, 0.14)
    return fullness => {
      const a = mix(0.18, 0.62, fullness)
      const b = a + waist
      return {
        body: [[a, -1, b, -b, 1, -a, 1, a, b, b, a, 1, -a, 1, -b, b, -1, a, -1, -a, -b, -b, -a, -1]],
        detail: [
          disc(0, 0, 0.16, 12),
          bar(0.3, 0, 0.85, 0, line),
          bar(-0.3, 0, -0.85, 0, line),
          bar(0, 0.3, 0, 0.85, line),
          bar(0, -0.3, 0, -0.85, line),
        ],
      }
    }
  },
}
