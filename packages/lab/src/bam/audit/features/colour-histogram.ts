/** @file How often each colour occurs: 4 levels per channel, 64 shares, and 16 levels of every channel alone. */

import type { FeatureFamily } from '../family.js'

export const colourHistogram: FeatureFamily = {
  name: 'colour histogram',
  labels: ['object', 'scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 0.3,
  extract({ pixels }) {
    const shares = new Float64Array(64 + 48)
    const one = 3 / pixels.length
    for (let i = 0; i < pixels.length; i += 3) {
      const joint = ((pixels[i]! >> 6) << 4) | ((pixels[i + 1]! >> 6) << 2) | (pixels[i + 2]! >> 6)
      shares[joint] = shares[joint]! + one
      for (let channel = 0; channel < 3; channel++) {
        const level = 64 + 16 * channel + (pixels[i + channel]! >> 4)
        shares[level] = shares[level]! + one
      }
    }
    return shares
  },
}
