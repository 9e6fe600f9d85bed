/** @file XRAI: the golden case, the definition written out over masks, and the whole method on a small network. */
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { dilated, pyramidRegions, regionsOf, xraiMap } from '../src/methods/path/xrai-regions.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

describe('the map of regions', () => {
  it.each(['full', 'fast'])('60: two overlapping regions, %s', mode => {
    const values = [4, 4, 0, 0, 4, 4, 0, 0, 0, 0, 1, 1, 0, 0, 1, 2]
    const regions = [
      [0, 1, 4, 5],
      [5, 6, 7, 9, 10, 11, 13, 14, 15],
    ].map(places => Int32Array.from(places))
    const { map, ranks } = xraiMap(values, regions, mode, 1)
    expectValues(map, [4, 4, 0, 0, 4, 4, 0.625, 0.625, 0, 0.625, 0.625, 0.625, 0, 0.625, 0.625, 0.625])
    expect(Array.from(ranks, rank => rank + 1)).toEqual([1, 1, 3, 3, 1, 1, 2, 2, 3, 2, 2, 2, 3, 2, 2, 2])
  })

  /** The definition over whole masks, every mean anew. */
  function slow(values: number[], masks: boolean[][], mode: string, least: number): number[] {
    const mean = (mask: boolean[]): number => {
      const inside = values.filter((_, i) => mask[i])
      return inside.reduce((a, b) => a + b, 0) / inside.length
    }
    const out = values.map(() => Number.NaN)
    let covered = values.map(() => false)
    const fresh = (mask: boolean[]): boolean[] => mask.map((inside, i) => inside && !covered[i])
    const add = (mask: boolean[]): void => {
      const part = fresh(mask)
      const gain = mean(part)
      part.forEach((inside, i) => {
        if (inside) out[i] = gain
      })
      covered = covered.map((was, i) => was || part[i]!)
    }
    if (mode === 'fast') {
      for (const mask of [...masks].sort((a, b) => mean(b) - mean(a))) if (fresh(mask).filter(Boolean).length >= least) add(mask)
    } else {
      let open = masks
      for (;;) {
        open = open.filter(mask => fresh(mask).filter(Boolean).length >= least)
        if (open.length === 0) break
        const best = open.reduce((a, b) => (mean(fresh(b)) > mean(fresh(a)) ? b : a))
        add(best)
        open = open.filter(mask => mask !== best)
      }
    }
    const rest = mean(covered.map(was => !was))
    return out.map(value => (Number.isNaN(value) ? rest : value))
  }

  it.each(['full', 'fast'])('is the definition on random regions, %s', mode => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed)
      const values = Array.from({ length: 40 }, () => random.normal())
      const masks = Array.from({ length: 15 }, () => values.map(() => random.uniform() < 0.3))
      const regions = masks.map(mask => Int32Array.from([...mask.keys()].filter(i => mask[i])))
      const { map } = xraiMap(values, regions, mode, 3)
      expectValues(map, slow(values, masks, mode, 3), 1e-9)
      const total = (list: ArrayLike<number>): number => Array.from(list).reduce((a, b) => a + b, 0)
      expect(Math.abs(total(map) - total(values))).toBeLessThan(1e-9)
    }
  })

  it('widens a region by a disk', () => {
    const [height, width] = [7, 9]
    for (const radius of [0, 1, 2.5]) {
      const region = Int32Array.from([3 * width + 4, width])
      const expected = Array.from({ length: height * width }, (_, i) => i).filter(i =>
        region.some(
          place => (Math.floor(i / width) - Math.floor(place / width)) ** 2 + ((i % width) - (place % width)) ** 2 <= radius ** 2,
        ),
      )
      expect(Array.from(dilated(region, height, width, radius)).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
    }
  })

  it('finds regions at every scale, at a working size too', () => {
    const planes = Float32Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 0 : 1))
    const picture = { planes, channels: 1, height: 20, width: 20 }
    const settings = { scales: [1, 100], sigma: 0, least: 10, dilation: 0, size: 0 }
    expect(pyramidRegions(picture, settings).map(region => region.length)).toEqual([200, 200, 200, 200])
    // Enlarged, the edge between the halves is smooth; every place still has one region per scale.
    const enlarged = pyramidRegions(picture, { ...settings, size: 40 })
    const owners = new Int32Array(400)
    for (const region of enlarged) for (const place of region) owners[place]!++
    expect(new Set(owners)).toEqual(new Set([2]))
    expect(enlarged.filter(region => region.includes(0))[0]!.length).toBeGreaterThan(150)
  })
})

describe('xrai of a network', () => {
  const random = new Random(5)
  const weights = Array.from({ length: 128 }, () => random.normal())
  const graph = build({ image: ['batch', 2, 8, 8] }, (b, image) =>
    b.emit('MatMul', [b.emit('Flatten', [image!]), b.constant(tensor([128, 1], weights))]),
  )
  const values = Float32Array.from({ length: 128 }, (_, i) => Math.floor((i % 64) / 32) + 0.2 * random.normal())
  const labels = Int32Array.from({ length: 128 }, (_, i) => (Math.floor((i % 64) / 32) ? 1 : 0) + (i % 8 > 3 ? 2 : 0))
  const ask = (options: Record<string, unknown>) =>
    explain(modelOf(graph), { image: float32([1, 2, 8, 8], values) }, 'xrai', { target: 0, options })

  it('averages over black and white, takes the largest channel, and gathers it', async () => {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const largest = Array.from({ length: 64 }, (_, i) =>
      Math.max(...[0, 1].map(c => weights[c * 64 + i]! * (values[c * 64 + i]! - (low + high) / 2))),
    )
    const regions = regionsOf(labels.subarray(0, 64))
    const expected = new Float64Array(64)
    for (const region of regions) {
      const mean = Array.from(region).reduce((sum, place) => sum + largest[place]!, 0) / region.length
      for (const place of region) expected[place] = mean
    }
    const segments = { dtype: 'int32', dims: [1, 2, 8, 8], data: labels }
    const a = await ask({ segments, dilation: 0, difference: 1 })
    expectValues(a.values, expected)
    expect(a.dims).toEqual([1, 8, 8])
    expect(a.cost).toMatchObject({ forwards: 3, gradients: 200 })
    expectValues((await ask({ segments, dilation: 0, difference: 1, mode: 'fast' })).values, expected)
  })

  it('gathers another map, or one from a baseline of its own', async () => {
    const single = await ask({ least: 4, difference: 2, 'of.baseline': 'zeros', 'of.points': 3 })
    expect(single.cost).toMatchObject({ forwards: 2, gradients: 3 })
    expect((await ask({ of: 'input-x-gradient', least: 4, difference: 2 })).cost).toMatchObject({ forwards: 1, gradients: 1 })
    await expect(ask({ of: 'activation', scales: '5,x' })).rejects.toThrow(/scales must be positive/)
  })
})
