/** @file All pixels: what a linear classifier can read off them. */

import type { FeatureFamily } from '../family.js'

export const rawPixels: FeatureFamily = {
  name: 'all pixels',
  labels: ['object', 'scene'],
  classifiers: ['logistic'],
  limit: 0.6,
  extract: ({ pixels }) => Float64Array.from(pixels),
}
