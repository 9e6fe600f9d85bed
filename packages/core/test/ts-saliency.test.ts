/** @file ts-saliency: integrated gradients from differences along random directions, against draws made here again and closed forms. */
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, integratedGradients, Random, tsSaliency } from '../src/index.js'
import { build, modelOf, squares, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const x = [3, -4, 0.5]
const row = { x: float32([1, 3], x) }

describe('ts-saliency', () => {
  it('is what its draws give, on a sum of squares, whatever the step: differences to both sides are exact there', async () => {
    const [points, directions, seed] = [3, 2, 5]
    const expected = [0, 0, 0]
    for (let k = 0; k < points * directions; k++) {
      const random = new Random(seed, k)
      const normal = x.map(() => random.normal())
      const u = normal.map(value => value / Math.hypot(...normal))
      const position = (Math.floor(k / directions) + 0.5) / points
      const slope = x.reduce((sum, value, i) => sum + 2 * position * value * u[i]!, 0)
      x.forEach((value, i) => {
        expected[i]! += (value * 3 * slope * u[i]!) / (points * directions)
      })
    }
    for (const step of [0.01, 0.5]) {
      const options = { points, directions, step, baseline: 'zeros' }
      const a = await explain(modelOf(squares(3)), row, 'ts-saliency', { target: 0, seed, options })
      a.values.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 3)
      })
    }
  })

  it('comes to integrated gradients, x_i^2 - b_i^2 here, with more directions', async () => {
    const a = await tsSaliency(modelOf(squares(3)), row, {
      target: 0,
      seed: 1,
      baseline: 'constant:1',
      directions: 2000,
      step: 0.1,
    })
    const exact = await integratedGradients(modelOf(squares(3)), row, { target: 0, baseline: 'constant:1' })
    expect(Array.from(exact.values, value => Math.round(value * 1e4) / 1e4)).toEqual([8, 15, -0.75])
    // The error of one value is about |x - b| |g| sqrt(d / n) = 0.1.
    a.values.forEach((value, i) => {
      expect(Math.abs(value - exact.values[i]!)).toBeLessThan(0.3)
    })
    expect(a.cost).toMatchObject({ forwards: 2 + 2 * 50 * 2000, gradients: 0 })
  })

  it('is exact for one value, and sees the step of a model without a gradient', async () => {
    const one = await tsSaliency(modelOf(squares(1)), float32([1, 1], [3]), {
      target: 0,
      points: 4,
      directions: 1,
      baseline: 'zeros',
    })
    expect(one.values[0]).toBeCloseTo(9, 2)
    const stepped = build({ x: ['batch', 1] }, (b, name) => b.emit('Floor', [name!]))
    const a = await tsSaliency(modelOf(stepped), float32([1, 1], [3.5]), {
      target: 0,
      points: 1500,
      directions: 1,
      baseline: 'constant:0.5',
    })
    expect(a.values[0]).toBeCloseTo(3, 4)
  })

  it('starts from the mean of each channel over time, the longer axis', async () => {
    const series = build({ x: ['batch', 2, 4] }, (b, name) =>
      b.emit('ReduceSum', [b.emit('Mul', [name!, name!]), b.ints([1, 2])], { keepdims: 1 }),
    )
    const given = float32([1, 2, 4], [1, 2, 3, 6, 10, 10, 14, 14])
    const a = await tsSaliency(modelOf(series), given, { target: 0, points: 2, directions: 2 })
    expect(a.baselineValue).toBeCloseTo(4 * 9 + 4 * 144, 3)
    const asked = await tsSaliency(modelOf(series), given, { target: 0, points: 2, directions: 2, baseline: 'channel-mean:1' })
    expect(asked.baselineValue).toBeCloseTo(2 * (5.5 ** 2 + 6 ** 2 + 8.5 ** 2 + 10 ** 2), 3)
    await expect(tsSaliency(modelOf(squares(3)), row, { target: 0, baseline: 'channel-mean:7' })).rejects.toThrow(
      /which axis of "input" \[1,3\] is time cannot be told/,
    )
  })

  it('says what sampling misses', async () => {
    const a = await tsSaliency(modelOf(squares(3)), row, { target: 0, points: 1, directions: 1 })
    expect(a.warnings[0]).toMatch(/1 directions over 3 values miss f\(x\) - f\(baseline\) by .*; use more directions/)
  })
})
