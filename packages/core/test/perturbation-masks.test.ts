import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { blended, blendedBack, blurLevels } from '../src/methods/perturbation/blend-levels.js'
import { blurredMask, type MaskMap, smoothMaximumMask } from '../src/methods/perturbation/mask-maps.js'
import { adam, momentumDescent } from '../src/methods/perturbation/optimisers.js'
import { areaPenalty, totalVariation } from '../src/methods/perturbation/penalties.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const uniform = (seed: number, length: number, low = 0, high = 1): Float64Array => {
  const random = new Random(seed)
  return Float64Array.from({ length }, () => low + (high - low) * random.uniform())
}
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, one, i) => sum + one * b[i]!, 0)

/** Central differences of every parameter against the gradient given. */
function expectGradient(at: Float64Array, loss: (at: Float64Array) => number, gradient: Float64Array, tolerance = 1e-6): void {
  const scale = Math.max(...gradient.map(Math.abs))
  expect(scale).toBeGreaterThan(0)
  at.forEach((_, i) => {
    const moved = (by: number): number => loss(at.map((value, j) => (j === i ? value + by : value)))
    const slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
    expect(Math.abs(slope - gradient[i]!) / scale).toBeLessThan(tolerance)
  })
}

const [height, width] = [11, 13]
const maps: Readonly<Record<string, MaskMap>> = {
  blurred: blurredMask(height, width, 4, 1.5),
  'smooth maximum': smoothMaximumMask(height, width, 4, 5),
}

describe('chain rules', () => {
  it.each(Object.keys(maps))('%s mask: finite differences through mask, blend and a weighted sum', name => {
    const map = maps[name]!
    const picture = Float32Array.from(uniform(1, 2 * height * width, -1))
    const levels = blurLevels(picture, 2, height, width, 4, 3)
    const source = Int32Array.from({ length: height * width }, (_, i) => (i + 3) % (height * width))
    const weights = uniform(2, picture.length, -1)
    const parameters = uniform(3, map.rows * map.columns, 0.1, 0.9)
    const loss = (at: Float64Array): number => dot(blended(levels, map.mask(at), source), weights)
    const mask = map.mask(parameters)
    const gradient = map.back(parameters, blendedBack(levels, mask, weights, source))
    expectGradient(parameters, loss, gradient)
  })

  it('total variation and area', () => {
    const mask = uniform(4, 20)
    expectGradient(mask, at => totalVariation(at, 4, 5, 3).value, totalVariation(mask, 4, 5, 3).gradient)
    expectGradient(mask, at => areaPenalty(at, 0.3).value, areaPenalty(mask, 0.3).gradient)
  })
})

describe('parts', () => {
  it.each(Object.keys(maps))('%s mask: zeros of zeros, and nearly ones of ones', name => {
    const map = maps[name]!
    const size = map.rows * map.columns
    expect(map.mask(new Float64Array(size)).every(value => value === 0)).toBe(true)
    for (const value of map.mask(new Float64Array(size).fill(1))) {
      expect(value).toBeGreaterThan(0.9)
      expect(value).toBeLessThan(1 + 1e-6)
    }
  })

  it('smooth maximum: as written, place by place', () => {
    const [step, sigma] = [4, 5]
    const map = smoothMaximumMask(height, width, step, sigma)
    const parameters = uniform(5, map.rows * map.columns)
    const reach = 1 + Math.ceil(sigma / step)
    map.mask(parameters).forEach((found, u) => {
      const [y, x] = [Math.floor(u / width), u % width]
      const z: number[] = []
      for (let cy = Math.floor(y / step) - reach; cy <= Math.floor(y / step) + reach; cy++)
        for (let cx = Math.floor(x / step) - reach; cx <= Math.floor(x / step) + reach; cx++) {
          const inside = (cell: number, count: number): number => Math.min(count - 1, Math.max(0, cell))
          const value = parameters[inside(cy, map.rows) * map.columns + inside(cx, map.columns)]!
          const far = Math.hypot(y + 0.5 - (cy + 0.5) * step, x + 0.5 - (cx + 0.5) * step) / sigma
          z.push(value * Math.exp(-2 * Math.max(0, far - 0.5) ** 2))
        }
      const total = z.reduce((sum, one) => sum + Math.exp(20 * one), 0)
      expect(found).toBeCloseTo(
        z.reduce((sum, one) => sum + (one * Math.exp(20 * one)) / total, 0),
        12,
      )
    })
  })

  it('levels: the picture at 1, the strongest blur at 0, halfway between two levels their mean', () => {
    const picture = Float32Array.from(uniform(6, height * width))
    const levels = blurLevels(picture, 1, height, width, 3, 4)
    const all = (mask: number) => blended(levels, new Float64Array(height * width).fill(mask))
    expect(Float32Array.from(all(1))).toEqual(picture)
    expect(Float32Array.from(all(0))).toEqual(levels.planes[0])
    expect(all(0.75)[7]!).toBeCloseTo((levels.planes[1]![7]! + picture[7]!) / 2, 7)
  })

  it('area: nothing for a sharp mask of that area; equal values share', () => {
    expect(areaPenalty(Float64Array.of(0, 1, 0, 1), 0.5).value).toBe(0)
    expect(Array.from(areaPenalty(new Float64Array(4).fill(1), 0.25).gradient)).toEqual([0.375, 0.375, 0.375, 0.375])
    expect(areaPenalty(Float64Array.of(0.5, 1, 0.5, 0), 0.5).value).toBeCloseTo(0, 12)
  })

  it('optimisers: the first steps by hand', () => {
    const p = Float64Array.of(1, 2)
    const step = adam(0.1)
    step(p, Float64Array.of(3, -0.5))
    expect(p[0]).toBeCloseTo(0.9, 7)
    expect(p[1]).toBeCloseTo(2.1, 7)
    const q = Float64Array.of(1)
    const descend = momentumDescent(0.1, 0.9)
    descend(q, Float64Array.of(1))
    descend(q, Float64Array.of(2))
    expect(q[0]).toBeCloseTo(1 - 0.1 - 0.1 * (0.9 + 0.2), 12)
  })
})

describe('on a model that looks at one patch', () => {
  const size = 24
  const inPatch = (i: number): boolean => {
    const [y, x] = [Math.floor(i / size), i % size]
    return y >= 4 && y < 10 && x >= 14 && x < 20
  }
  const planes = Array.from({ length: size * size }, (_, i) => (inPatch(i) ? 1 : 0))
  const mirror = (i: number): number => i - 2 * (i % size) + size - 1
  const model = (dims: (number | string)[], both = false) =>
    modelOf(
      build({ x: dims }, (b, x) => {
        const flat = b.emit('Flatten', [x!])
        const channels = dims[1] === size ? 1 : 0
        const weights = Array.from({ length: 2 * size * size }, (_, i) => {
          const place = channels ? Math.floor(i / 2) : i % (size * size)
          return inPatch(place) || (both && inPatch(mirror(place))) ? 10 / 72 : 0
        })
        return b.emit('MatMul', [flat, b.constant(tensor([2 * size * size, 1], weights))])
      }),
    )
  const meanWhere = (values: ArrayLike<number>, test: (i: number) => boolean): number => {
    const list = Array.from(values).filter((_, i) => test(i))
    return list.reduce((a, b) => a + b, 0) / list.length
  }
  const nchw = float32([1, 2, size, size], [...planes, ...planes])
  const nhwc = float32(
    [1, size, size, 2],
    planes.flatMap(value => [value, value]),
  )

  it.each([
    ['meaningful-perturbation', { iterations: 100, cell: 3, smooth: 1, sigma: 5, jitter: 1, sparsity: 0.05, rate: 0.05 }],
    ['extremal-perturbation', { iterations: 120, step: 3, sigma: 4, blur: 6, areas: '0.1', flip: false }],
    ['extremal-perturbation', { iterations: 120, step: 3, sigma: 4, blur: 6, areas: '0.1', flip: false, variant: 'delete' }],
    ['extremal-perturbation', { iterations: 120, step: 3, sigma: 4, blur: 6, areas: '0.05,0.1', flip: false, variant: 'dual' }],
  ])('%s %o finds it, in either layout', async (method, options) => {
    const a = await explain(model(['batch', 2, size, size]), { x: nchw }, method, { target: 0, options })
    expect(a.dims).toEqual([1, size, size])
    expect(a.values.every(value => value >= -1e-6 && value <= 1 + 1e-6)).toBe(true)
    console.log(
      method,
      meanWhere(a.values, inPatch),
      meanWhere(a.values, i => !inPatch(i)),
    )
    expect(meanWhere(a.values, inPatch)).toBeGreaterThan(0.5)
    expect(meanWhere(a.values, i => !inPatch(i))).toBeLessThan(0.25)
    const b = await explain(model(['batch', size, size, 2]), { x: nhwc }, method, { target: 0, options })
    a.values.forEach((value, i) => {
      expect(Math.abs(b.values[i]! - value)).toBeLessThan(1e-4)
    })
  })

  it('mirrored every other step: the same where the model does not tell left from right', async () => {
    const options = { iterations: 60, step: 3, sigma: 4, blur: 6 }
    const run = (flip: boolean) =>
      explain(model(['batch', 2, size, size], true), { x: nchw }, 'extremal-perturbation', {
        target: 0,
        options: { ...options, flip },
      })
    const [plain, turned] = [await run(false), await run(true)]
    plain.values.forEach((value, i) => {
      expect(Math.abs(turned.values[i]! - value)).toBeLessThan(1e-4)
    })
  })

  it('refuses other inputs and areas that are none', async () => {
    const table = modelOf(build({ x: ['batch', 2] }, (b, x) => b.emit('Relu', [x!])))
    const row = { x: float32([1, 2], [1, 2]) }
    await expect(explain(table, row, 'meaningful-perturbation', { target: 0 })).rejects.toThrow(
      /needs exactly one explained picture/,
    )
    await expect(
      explain(model(['batch', 2, size, size]), { x: nchw }, 'extremal-perturbation', { options: { areas: '1.5' } }),
    ).rejects.toThrow(/areas "1.5"/)
  })
})
