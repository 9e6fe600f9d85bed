/** @file Wheel: a rim, spokes and a hub; one sees through between the spokes. */

import { arc, disc, mix, type ObjectClass } from '../object.js'

export const wheel: ObjectClass = {
  name: 'wheel',
  draw(draws) {
    const spokes = 4 + draws.integer(2)
    const hub = draws.between(0.26, 0.34)
    return fullness => {
      const rim = mix(0.88, 0.66, fullness)
      const spoke = mix(0.1, 0.36, fullness)
      const near = hub + mix(0, 0.16, fullness)
      const body: number[][] = [disc(0, 0, 1, 40)]
      for (let i = 0; i < spokes; i++) {
        const from = (2 * Math.PI * i) / spokes
        const to = from + (2 * Math.PI) / spokes
        const far = spoke / 2 / rim
        const close = Math.min(spoke / 2 / near, Math.PI / spokes - 0.05)
        body.push([...arc(0, 0, rim, rim, from + far, to - far, 8), ...arc(0, 0, near, near, to - close, from + close, 4)])
      }
      return { body, detail: [disc(0, 0, hub * 0.75, 12)] }
    }
  },
}
