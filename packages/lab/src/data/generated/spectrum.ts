/** @file Gives a field a spectrum and a distribution of values that say nothing about what is drawn. */

import type { Draws } from './draws.js'
import { fourier, frequencyRings } from './fft.js'

const bins = 1024

/** Amplitude per ring: a falling power of frequency, level up to 4 cycles per picture, with three slow waves and a draw per ring over it. */
function target(draws: Draws, count: number): Float64Array {
  const slope = draws.between(0.6, 1.15)
  const waves = [1, 2, 3].map(k => [k, draws.between(-0.25, 0.25), draws.free(0, 2 * Math.PI)] as const)
  const result = new Float64Array(count)
  for (let ring = 1; ring < count; ring++) {
    let bump = 0
    for (const [k, strength, phase] of waves) bump += strength * Math.cos(k * Math.log(ring) + phase)
    result[ring] = Math.max(ring, 4) ** -slope * Math.exp(bump + draws.free(-0.45, 0.45))
  }
  return result
}

/**
 * Scales every ring of a [size, size] field's Fourier transform to a drawn amplitude, in place: what is left of the pattern is how
 * its waves stand to one another (phase) and their directions.
 */
export function shapeSpectrum(field: Float64Array, size: number, draws: Draws): void {
  const im = new Float64Array(field.length)
  fourier(field, im, size)
  const ring = frequencyRings(size)
  const count = Math.ceil(size * Math.SQRT1_2) + 1
  const power = new Float64Array(count)
  const members = new Float64Array(count)
  for (let i = 0; i < field.length; i++) {
    const r = ring[i]!
    power[r] = power[r]! + field[i]! * field[i]! + im[i]! * im[i]!
    members[r] = members[r]! + 1
  }
  const gain = target(draws, count)
  for (let r = 1; r < count; r++) gain[r] = gain[r]! * Math.sqrt(members[r]! / (power[r]! + 1e-12))
  for (let i = 0; i < field.length; i++) {
    field[i] = field[i]! * gain[ring[i]!]!
    im[i] = im[i]! * gain[ring[i]!]!
  }
  fourier(im, field, size)
}

/** Replaces every value by its rank, spread evenly over 0..1 (1,024 bins, linear inside a bin), in place. */
export function flattenHistogram(field: Float64Array): void {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < field.length; i++) {
    const value = field[i]!
    if (value < low) low = value
    if (value > high) high = value
  }
  const scale = (bins - 1e-6) / (high - low || 1)
  const below = new Float64Array(bins + 1)
  for (let i = 0; i < field.length; i++) {
    const bin = ((field[i]! - low) * scale) | 0
    below[bin + 1] = below[bin + 1]! + 1
  }
  for (let bin = 0; bin < bins; bin++) below[bin + 1] = below[bin + 1]! + below[bin]!
  for (let i = 0; i < field.length; i++) {
    const at = (field[i]! - low) * scale
    const bin = at | 0
    field[i] = (below[bin]! + (below[bin + 1]! - below[bin]!) * (at - bin)) / field.length
  }
}
