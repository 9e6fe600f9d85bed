/** @file Blur IG: golden case, slow second form, both layouts, what completeness leaves over. */
import type { Graph } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random, relativeResidual } from '../src/index.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)

/** sum of sin x over everything. */
const sines = (dims: readonly (number | string)[]): Graph =>
  build({ x: dims }, (b, x) => b.emit('ReduceSum', [b.emit('Flatten', [b.emit('Sin', [x!])]), b.ints([1])], { keepdims: 1 }))

const spots = Array.from({ length: 25 }, (_, i) => (i === 6 ? 0.7 : i === 12 ? 1 : 0))
const spotted = { x: float32([1, 1, 5, 5], spots) }

const mirrored = (index: number, length: number): number => {
  let place = index
  while (place < 0 || place >= length) place = place < 0 ? -1 - place : 2 * length - 1 - place
  return place
}

/** Each plane under a sampled Gaussian, by the sum over all pairs of places. */
function slowBlur(values: ArrayLike<number>, height: number, width: number, sigma: number, edge = 'zeros'): number[] {
  const radius = Math.max(1, Math.ceil(8 * sigma))
  const weight = (offset: number): number => Math.exp(-(offset ** 2) / (2 * sigma ** 2))
  const total = sum(Array.from({ length: 2 * radius + 1 }, (_, i) => weight(i - radius)))
  return Array.from({ length: values.length }, (_, at) => {
    const [plane, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width]
    let found = 0
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++) {
        let [v, u] = [y + dy, x + dx]
        if (edge === 'reflect') [v, u] = [mirrored(v, height), mirrored(u, width)]
        else if (v < 0 || v >= height || u < 0 || u >= width) continue
        found += (weight(dy) * weight(dx) * values[(plane * height + v) * width + u]!) / total ** 2
      }
    return found
  })
}

describe('blur-ig', () => {
  it('14: sines of a picture with two spots, exactly sin x - sin of the blurred picture', async () => {
    const a = await explain(modelOf(sines(['batch', 1, 5, 5])), spotted, 'blur-ig', { target: 0, options: { maxSigma: 10 } })
    const last = slowBlur(spots, 5, 5, 10)
    spots.forEach((value, i) => {
      expect(Math.abs(a.values[i]! - (Math.sin(value) - Math.sin(last[i]!)))).toBeLessThan(1e-5)
    })
    expect(a.values[6]).toBeCloseTo(0.6415, 4)
    expect(a.values[12]).toBeCloseTo(0.8388, 4)
    expect(a.values[0]).toBeCloseTo(-0.0026, 4)
    expect(sum(a.values)).toBeCloseTo(sum(spots.map(Math.sin)) - sum(last.map(Math.sin)), 5)
    expect(relativeResidual(a)!).toBeLessThan(1e-5)
  })

  it.each([
    [100, 0.640301, 0.83521],
    [4000, 0.640317, 0.835184],
  ])("14: PAIR's sums with %s steps", async (points, first, second) => {
    const options = { maxSigma: 10, points, variant: 'pair' }
    const a = await explain(modelOf(sines(['batch', 1, 5, 5])), spotted, 'blur-ig', { target: 0, options })
    expect(Math.abs(a.values[6]! - first) / second).toBeLessThan(1e-5)
    expect(Math.abs(a.values[12]! - second) / second).toBeLessThan(1e-5)
    // Their kernels, cut at four sigma, end at a slightly different blur than ours.
    expect(a.value - a.baselineValue!).toBeCloseTo(1.41964, 5)
  })

  it.each(['zeros', 'reflect'])('(w . x)^2 against a slow sum over many blurs, edge %s', async edge => {
    const random = new Random(3)
    const [height, width] = [4, 5]
    const values = Array.from({ length: 40 }, () => Math.fround(random.normal()))
    const weights = Array.from({ length: 40 }, () => Math.fround(random.normal()))
    const expected = new Array(40).fill(0)
    const steps = 600
    let before = values
    for (let k = 0; k <= steps; k++) {
      const next = slowBlur(values, height, width, 0.12 * (3 / 0.12) ** (k / steps), edge)
      const dot = weights.reduce((total, w, i) => total + (w * (before[i]! + next[i]!)) / 2, 0)
      weights.forEach((w, i) => {
        expected[i] += 2 * dot * w * (before[i]! - next[i]!)
      })
      before = next
    }
    const scale = Math.max(...expected.map(Math.abs))
    const square = (dims: readonly (number | string)[], order: readonly number[]): Graph =>
      build({ x: dims }, (b, x) => {
        const constant = b.constant(
          tensor(
            [40, 1],
            order.map(i => weights[i]!),
          ),
        )
        const dot = b.emit('MatMul', [b.emit('Flatten', [x!]), constant])
        return b.emit('Mul', [dot, dot])
      })
    const planar = Array.from({ length: 40 }, (_, i) => i)
    // [1, C, H, W] and [1, H, W, C]; a second axis of at most four would be channels, so the picture lies on its side there.
    const layouts = [
      { dims: [2, height, width], order: planar },
      { dims: [width, height, 2], order: planar.map(i => (i % 2) * 20 + (Math.floor(i / 2) % 4) * 5 + Math.floor(i / 8)) },
    ]
    for (const { dims, order } of layouts) {
      const input = {
        x: float32(
          [1, ...dims],
          order.map(i => values[i]!),
        ),
      }
      const options = { maxSigma: 3, points: 30, edge }
      const a = await explain(modelOf(square(['batch', ...dims], order)), input, 'blur-ig', { target: 0, options })
      order.forEach((i, place) => {
        expect(Math.abs(a.values[place]! - expected[i]) / scale).toBeLessThan(2e-5)
      })
    }
  })

  it('starts from the mean where edges mirror', async () => {
    const options = { maxSigma: 200, points: 60, edge: 'reflect' }
    const a = await explain(modelOf(sines(['batch', 1, 5, 5])), spotted, 'blur-ig', { target: 0, options })
    expect(a.baselineValue).toBeCloseTo(25 * Math.sin(1.7 / 25), 4)
    expect(relativeResidual(a)!).toBeLessThan(1e-5)
  })

  it('pair-sqrt is the form at batch size 1, whatever the rows per run', async () => {
    const options = { maxSigma: 10, points: 100, variant: 'pair-sqrt' }
    const a = await explain(modelOf(sines(['batch', 1, 5, 5])), spotted, 'blur-ig', { target: 0, options })
    expect(a.values[6]).toBeCloseTo(0.577, 3)
  })

  it('refuses inputs that are no pictures', async () => {
    await expect(
      explain(modelOf(sines(['batch', 4])), { x: float32([1, 4], [1, 2, 3, 4]) }, 'blur-ig', { target: 0 }),
    ).rejects.toThrow(/blur-ig needs pictures/)
  })
})
