/** @file Mean, deviation, skewness and kurtosis of every channel and of brightness, and the channels' correlations. */

import type { FeatureFamily } from '../family.js'

export const channelMoments: FeatureFamily = {
  name: 'channel moments',
  labels: ['object', 'scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 0.3,
  extract({ pixels }) {
    const count = pixels.length / 3
    const value = (i: number, channel: number): number =>
      channel < 3 ? pixels[3 * i + channel]! : (pixels[3 * i]! + pixels[3 * i + 1]! + pixels[3 * i + 2]!) / 3
    const means = [0, 0, 0, 0]
    for (let i = 0; i < count; i++) for (let c = 0; c < 4; c++) means[c] = means[c]! + value(i, c) / count
    const sums = new Float64Array(12)
    const products = [0, 0, 0]
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 4; c++) {
        const d = value(i, c) - means[c]!
        sums[3 * c] = sums[3 * c]! + (d * d) / count
        sums[3 * c + 1] = sums[3 * c + 1]! + (d * d * d) / count
        sums[3 * c + 2] = sums[3 * c + 2]! + (d * d * d * d) / count
        if (c < 3) products[c] = products[c]! + (d * (value(i, (c + 1) % 3) - means[(c + 1) % 3]!)) / count
      }
    }
    const result: number[] = []
    for (let c = 0; c < 4; c++) {
      const deviation = Math.sqrt(sums[3 * c]! + 1e-9)
      result.push(means[c]!, deviation, sums[3 * c + 1]! / deviation ** 3, sums[3 * c + 2]! / deviation ** 4)
    }
    for (let c = 0; c < 3; c++) result.push(products[c]! / Math.sqrt(sums[3 * c]! * sums[3 * ((c + 1) % 3)]! + 1e-9))
    return Float64Array.from(result)
  },
}
