/** @file The outermost 4 pixels on all sides, as they are. */

import type { FeatureFamily } from '../family.js'

const thickness = 4

export const border: FeatureFamily = {
  name: 'border of 4 pixels',
  labels: ['object', 'scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 0.3,
  extract({ pixels, size }) {
    const inside = size - thickness
    const values = new Float64Array(3 * (size * size - (size - 2 * thickness) ** 2))
    let at = 0
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        if (row >= thickness && row < inside && column >= thickness && column < inside) continue
        const i = 3 * (row * size + column)
        values[at++] = pixels[i]!
        values[at++] = pixels[i + 1]!
        values[at++] = pixels[i + 2]!
      }
    }
    return values
  },
}
