import { Random } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { Draws } from '../src/data/generated/draws.js'
import { fourier, frequencyRings } from '../src/data/generated/fft.js'
import { fill, filledArea } from '../src/data/generated/fill.js'
import { flattenHistogram, shapeSpectrum } from '../src/data/generated/spectrum.js'

const field = (size: number, seed: number) => {
  const random = new Random(seed)
  return Float64Array.from({ length: size * size }, () => random.normal())
}

describe('the parts of the generator', () => {
  it('transforms as the definition says, and back', () => {
    const size = 8
    const re = field(size, 1)
    const im = field(size, 2)
    const first = { re: re.slice(), im: im.slice() }
    fourier(re, im, size)
    for (const [p, q] of [
      [0, 0],
      [3, 5],
      [7, 2],
    ] as const) {
      let real = 0
      let imaginary = 0
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const angle = (-2 * Math.PI * (p * y + q * x)) / size
          real += first.re[y * size + x]! * Math.cos(angle) - first.im[y * size + x]! * Math.sin(angle)
          imaginary += first.re[y * size + x]! * Math.sin(angle) + first.im[y * size + x]! * Math.cos(angle)
        }
      }
      expect(re[p * size + q]).toBeCloseTo(real, 10)
      expect(im[p * size + q]).toBeCloseTo(imaginary, 10)
    }
    fourier(im, re, size)
    for (let i = 0; i < re.length; i++) {
      expect(re[i]! / 64).toBeCloseTo(first.re[i]!, 12)
      expect(im[i]! / 64).toBeCloseTo(first.im[i]!, 12)
    }
  })

  it('gives two different fields the same ring amplitudes from the same draws', () => {
    const size = 32
    const rings = frequencyRings(size)
    const amplitudes = [field(size, 3), field(size, 4).map((v, i) => v + 9 * Math.sin(i))].map(values => {
      shapeSpectrum(values, size, new Draws(new Random(9), 'train'))
      const im = new Float64Array(values.length)
      fourier(values, im, size)
      const power = new Float64Array(24)
      for (let i = 1; i < values.length; i++) power[rings[i]!] = power[rings[i]!]! + values[i]! ** 2 + im[i]! ** 2
      return power
    })
    for (let ring = 1; ring < 20; ring++) expect(amplitudes[0]![ring]! / amplitudes[1]![ring]!).toBeCloseTo(1, 8)
  })

  it('spreads values evenly and keeps their order', () => {
    const values = field(32, 5)
    const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
    flattenHistogram(values)
    for (let i = 0; i < order.length; i += 64) expect(Math.abs(values[order[i]!]! - i / order.length)).toBeLessThan(0.01)
  })

  it('covers exactly the area of an outline with a hole', () => {
    const outlines = [
      [1.25, 1, 9, 1, 9, 8, 1.25, 8],
      [3, 2.5, 6.5, 2.5, 6.5, 5, 3, 5],
    ]
    const cover = new Float64Array(100)
    fill(outlines, cover, 10, 10)
    expect(filledArea(outlines)).toBeCloseTo(7.75 * 7 - 3.5 * 2.5, 12)
    expect(cover.reduce((sum, value) => sum + value, 0)).toBeCloseTo(7.75 * 7 - 3.5 * 2.5, 10)
    expect(cover[11]).toBeCloseTo(0.75, 12)
    expect(cover[34]).toBe(0)
    expect(cover[45]).toBe(0)
    expect(cover[77]).toBe(1)
  })
})
