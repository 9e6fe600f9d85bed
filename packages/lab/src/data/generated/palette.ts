/** @file Colours of a part: 256 tones of one random palette, so that no class owns a colour, a brightness or a contrast. */

import type { Draws } from './draws.js'

const levels = 256

/** A colour of given brightness (mean of the channels) with a random tint, each channel in 0..255. */
function tinted(draws: Draws, brightness: number): number[] {
  const strength = draws.between(0, 0.3)
  const hue = draws.between(0, 2 * Math.PI)
  return [0, 1, 2].map(channel => brightness * (1 + strength * Math.cos(hue - (2 * Math.PI * channel) / 3)))
}

/**
 * [256, 3] RGB over tones 0..1: dark to bright, bent by a power. The difference in brightness of the ends is at
 * least `contrast` of the range.
 */
export function palette(draws: Draws, contrast: number): Float64Array {
  const difference = draws.between(contrast, Math.min(0.85, contrast + 0.35))
  const low = draws.between(0.08, 0.92 - difference)
  const dark = tinted(draws, 255 * low)
  const bright = tinted(draws, 255 * (low + difference))
  const bend = Math.exp(draws.between(-0.4, 0.4))
  const result = new Float64Array(levels * 3)
  for (let level = 0; level < levels; level++) {
    const t = (level / (levels - 1)) ** bend
    for (let channel = 0; channel < 3; channel++)
      result[level * 3 + channel] = dark[channel]! + (bright[channel]! - dark[channel]!) * t
  }
  return result
}

/** Brightness of light over the picture: 1 in the middle, falling off in one direction. */
export function lightSlope(draws: Draws): readonly [across: number, down: number] {
  const strength = draws.between(0, 0.35)
  const angle = draws.free(0, 2 * Math.PI)
  return [strength * Math.cos(angle), strength * Math.sin(angle)]
}
