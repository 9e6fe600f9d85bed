/** @file Spiral: one band wound from the middle outwards. */

import { mix, type ObjectClass } from '../object.js'

export const spiral: ObjectClass = {
  name: 'spiral',
  draw(draws) {
    const turns = draws.between(1.45, 1.75)
    const start = draws.between(0.05, 0.2)
    return fullness => {
      const pitch = (1 - start) / turns
      const band = pitch * mix(0.4, 0.85, fullness)
      const outer: number[] = []
      const inner: number[] = []
      const steps = 56
      for (let i = 0; i <= steps; i++) {
        const angle = 2 * Math.PI * turns * (i / steps)
        const radius = start + (1 - start) * (i / steps)
        const near = Math.max(0, radius - band)
        outer.push(radius * Math.cos(angle), radius * Math.sin(angle))
        inner.unshift(near * Math.sin(angle))
        inner.unshift(near * Math.cos(angle))
      }
      return { body: [[...outer, ...inner]], detail: [] }
    }
  },
}
