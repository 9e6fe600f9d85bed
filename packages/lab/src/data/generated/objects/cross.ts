/** @file Cross: two bars over one another, with a ring where they meet. */

import { disc, mix, type ObjectClass } from '../object.js'

export const cross: ObjectClass = {
  name: 'cross',
  draw(draws) {
    const waist = draws.between(-0.06, 0.06)
    const ring = draws.between(0.55, 0.75)
    return fullness => {
      const a = mix(0.18, 0.62, fullness)
      const b = a + waist
      return {
        body: [[a, -1, b, -b, 1, -a, 1, a, b, b, a, 1, -a, 1, -b, b, -1, a, -1, -a, -b, -b, -a, -1]],
        detail: [disc(0, 0, a * ring + 0.12), disc(0, 0, (a * ring + 0.12) * 0.5)],
      }
    }
  },
}
