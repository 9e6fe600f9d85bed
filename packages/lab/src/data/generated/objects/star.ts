/** @file Star: five points, with ridges from the middle to the tips. */

import { bar, disc, mix, type ObjectClass } from '../object.js'

export const star: ObjectClass = {
  name: 'star',
  draw(draws) {
    const ridge = draws.between(0.08, 0.14)
    const uneven = draws.between(-0.06, 0.06)
    return fullness => {
      const inner = mix(0.25, 0.8, fullness)
      const outline: number[] = []
      const detail = [disc(0, 0, inner * 0.35, 12)]
      for (let i = 0; i < 10; i++) {
        const radius = i & 1 ? inner : 1 + uneven * Math.cos(3 * i)
        const angle = (Math.PI * i) / 5
        outline.push(radius * Math.cos(angle), radius * Math.sin(angle))
        if (!(i & 1))
          detail.push(
            bar(
              inner * 0.35 * Math.cos(angle),
              inner * 0.35 * Math.sin(angle),
              0.8 * Math.cos(angle),
              0.8 * Math.sin(angle),
              ridge,
            ),
          )
      }
      return { body: [outline], detail }
    }
  },
}
