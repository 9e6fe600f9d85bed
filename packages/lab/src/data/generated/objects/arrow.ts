/** @file Arrow: a shaft with a pointed head. */

import { bar, mix, type ObjectClass } from '../object.js'

export const arrow: ObjectClass = {
  name: 'arrow',
  draw(draws) {
    const neck = draws.between(-0.25, 0.05)
    const swept = draws.between(0, 0.2)
    return fullness => {
      const shaft = mix(0.15, 0.7, fullness)
      const height = 0.95
      return {
        body: [[1, 0, neck - swept, height, neck, shaft, -1, shaft, -1, -shaft, neck, -shaft, neck - swept, -height]],
        detail: [bar(-0.8, 0, 0.7, 0, 0.12), bar(neck + 0.1, 0.45, 0.7, 0, 0.1), bar(neck + 0.1, -0.45, 0.7, 0, 0.1)],
      }
    }
  },
}
