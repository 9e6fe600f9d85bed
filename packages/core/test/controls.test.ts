/** @file Controls: maps that do not come from the model. */
import { afterAll, expect, it } from 'vitest'
import { blurredCopy, centre, edges, float32, gaussianBlur, uniform } from '../src/index.js'
import { build, modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** Sum of everything, for pictures of these dims. */
const model = (dims: readonly (number | string)[]) =>
  modelOf(build({ x: dims }, (b, x) => b.emit('ReduceSum', [b.emit('Flatten', [x!]), b.ints([1])], { keepdims: 1 })))

/** Two channels, 5 x 6: a step of height 3 between columns 2 and 3 in channel 0, a ramp of slope 2 down channel 1. */
const planes = Array.from({ length: 60 }, (_, i) => {
  const [c, y, x] = [Math.floor(i / 30), Math.floor((i % 30) / 6), i % 6]
  return c === 0 ? (x >= 3 ? 3 : 0) : 2 * y
})
const last = Array.from({ length: 60 }, (_, i) => planes[(i % 2) * 30 + Math.floor(i / 2)]!)
const first = float32([1, 2, 5, 6], planes)
const nhwc = float32([1, 5, 6, 2], last)

const same = (values: readonly number[]): number[] => [...values, ...values]
const interleaved = (values: readonly number[]): number[] => values.flatMap(value => [value, value])

function expectValues(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5)
  })
}

it('uniform is one everywhere, for any dims', async () => {
  expect(Array.from((await uniform(model(['batch', 4]), float32([1, 4], [1, 2, 3, 4]))).values)).toEqual([1, 1, 1, 1])
})

it('edges is the Sobel magnitude of the channel mean, in both layouts', async () => {
  // The mean steps by 1.5 across and climbs 1 a row; at the repeated first and last row the climb is half as steep.
  const expected = Array.from({ length: 30 }, (_, i) => {
    const [y, x] = [Math.floor(i / 6), i % 6]
    const across = x === 2 || x === 3 ? 4 * 1.5 : 0
    const down = y === 0 || y === 4 ? 4 : 8
    return Math.hypot(across, down)
  })
  expectValues((await edges(model(['batch', 2, 5, 6]), first)).values, same(expected))
  expectValues((await edges(model(['batch', 5, 6, 2]), nhwc)).values, interleaved(expected))
})

it('centre is a Gaussian in shares of height and width, in both layouts', async () => {
  const expected = Array.from({ length: 30 }, (_, i) => {
    const [y, x] = [Math.floor(i / 6) - 2, (i % 6) - 2.5]
    return Math.exp(-((y / 2.5) ** 2 + (x / 3) ** 2) / 2)
  })
  expectValues((await centre(model(['batch', 2, 5, 6]), first, { sigma: 0.5 })).values, same(expected))
  expectValues((await centre(model(['batch', 5, 6, 2]), nhwc, { sigma: 0.5 })).values, interleaved(expected))
})

it('blurred-copy is the input under the blur of baselines, in both layouts', async () => {
  const expected = Array.from(gaussianBlur(planes, 2, 5, 6, 1.5))
  expectValues((await blurredCopy(model(['batch', 2, 5, 6]), first, { sigma: 1.5 })).values, expected)
  const there = Array.from({ length: 60 }, (_, i) => expected[(i % 2) * 30 + Math.floor(i / 2)]!)
  expectValues((await blurredCopy(model(['batch', 5, 6, 2]), nhwc, { sigma: 1.5 })).values, there)
  expectValues((await blurredCopy(model(['batch', 2, 5, 6]), first, { sigma: 0 })).values, planes)
})

it('those of pictures refuse other inputs', async () => {
  await expect(edges(model(['batch', 4]), float32([1, 4], [1, 2, 3, 4]))).rejects.toThrow(/edges needs pictures/)
})
