/** @file Crescent: a disc with a disc taken from its side. */

import { arc, disc, mix, type ObjectClass } from '../object.js'

export const crescent: ObjectClass = {
  name: 'crescent',
  draw(draws) {
    const opening = draws.between(0.65, 0.85) * Math.PI
    const spots = draws.between(0.07, 0.12)
    return fullness => {
      const half = opening / 2
      const tipX = Math.cos(half)
      const tipY = Math.sin(half)
      // The inner arc goes through both tips and the depth on the x axis.
      const depth = mix(-0.75, 0.1, fullness)
      const centre = (1 - depth * depth) / (2 * (tipX - depth))
      const radius = centre - depth
      const from = Math.atan2(-tipY, tipX - centre)
      const turn = 2 * Math.PI + from
      const inner = arc(centre, 0, radius, radius, turn, 2 * Math.PI - turn, 20)
      const middle = (depth - 1) / 2
      return {
        body: [[...arc(0, 0, 1, 1, half, 2 * Math.PI - half, 30), ...inner]],
        detail: [disc(middle, 0, spots * 1.4, 10), disc(-0.5, 0.62, spots, 10), disc(-0.5, -0.62, spots, 10)],
      }
    }
  },
}
