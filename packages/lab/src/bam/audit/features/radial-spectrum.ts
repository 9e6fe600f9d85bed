/** @file Power of brightness by frequency, in 32 rings up to half the sampling rate: logarithms, and less their mean. */

import { fourier, frequencyRings } from '../../../data/generated/fft.js'
import type { FeatureFamily } from '../family.js'

const count = 32

export const radialSpectrum: FeatureFamily = {
  name: 'radial spectrum',
  labels: ['object', 'scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 0.3,
  extract({ pixels, size }) {
    // The transform needs a power of two: the middle of any other size.
    const side = 2 ** Math.floor(Math.log2(size))
    const margin = (size - side) >> 1
    const re = new Float64Array(side * side)
    const im = new Float64Array(side * side)
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const i = 3 * ((row + margin) * size + column + margin)
        re[row * side + column] = pixels[i]! + pixels[i + 1]! + pixels[i + 2]!
      }
    }
    fourier(re, im, side)
    const rings = frequencyRings(side)
    const power = new Float64Array(count)
    const members = new Float64Array(count)
    for (let i = 1; i < re.length; i++) {
      const ring = Math.floor(((rings[i]! - 1) * 2 * count) / side)
      if (ring >= count) continue
      power[ring] = power[ring]! + re[i]! * re[i]! + im[i]! * im[i]!
      members[ring] = members[ring]! + 1
    }
    const logarithms = power.map((sum, ring) => Math.log(sum / Math.max(1, members[ring]!) + 1))
    const mean = logarithms.reduce((sum, value) => sum + value, 0) / count
    return Float64Array.from([...logarithms, ...logarithms.map(value => value - mean)])
  },
}
