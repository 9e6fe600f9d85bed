/** @file The mask's area, its box (place, sides, how full) and its centre of mass. */

import type { FeatureFamily } from '../family.js'

export const maskGeometry: FeatureFamily = {
  name: 'mask area, box and position',
  labels: ['object', 'scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 0.3,
  extract({ mask, box, size }) {
    if (mask === null || box === null) return new Float64Array(9)
    let area = 0
    let down = 0
    let across = 0
    for (let i = 0; i < mask.length; i++) {
      area += mask[i]!
      down += mask[i]! * Math.floor(i / size)
      across += mask[i]! * (i % size)
    }
    const height = box.rowMax - box.rowMin
    const width = box.columnMax - box.columnMin
    const share = area / 255
    return Float64Array.of(
      share,
      box.rowMin,
      box.columnMin,
      height,
      width,
      share / (height * width),
      width / height,
      down / area,
      across / area,
    )
  },
}
