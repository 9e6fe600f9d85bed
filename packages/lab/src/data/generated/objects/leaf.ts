/** @file Leaf: pointed at both ends, with a stem, a midrib and side veins. */

import { bar, mix, type ObjectClass } from '../object.js'

export const leaf: ObjectClass = {
  name: 'leaf',
  draw(draws) {
    const belly = draws.between(0.8, 1.25)
    const teeth = 4 + draws.integer(3)
    const veins = 3 + draws.integer(2)
    return fullness => {
      const power = mix(2.2, 0.6, fullness)
      const wide = mix(0.55, 0.8, fullness)
      const upper: number[] = []
      const lower: number[] = []
      for (let i = 0; i <= 40; i++) {
        const t = i / 40
        const notch = 1 - 0.14 * ((t * teeth * 2) % 1)
        const half = Math.max(wide * Math.sin(Math.PI * t ** belly) ** power * notch, t < 0.12 ? 0.06 : 0)
        upper.push(-1 + 2 * t, -half)
        lower.unshift(-1 + 2 * t, half)
      }
      const detail = [bar(-0.9, 0, 0.85, 0, 0.09)]
      for (let i = 0; i < veins; i++) {
        const from = -0.5 + (i * 1) / veins
        detail.push(bar(from, 0, from + 0.3, wide * 0.75, 0.07), bar(from, 0, from + 0.3, -wide * 0.75, 0.07))
      }
      return { body: [[...upper, ...lower]], detail }
    }
  },
}
