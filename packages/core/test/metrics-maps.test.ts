/** @file Localisation and agreement: known numbers of masks and pairs of maps. */
import { describe, expect, it } from 'vitest'
import { type Maps, measure, mosaic, type TensorValue } from '../src/index.js'
import { structuralSimilarity } from '../src/metrics/agreement/ssim.js'
import { transportCost } from '../src/metrics/agreement/transport.js'
import { pearson, spearman } from '../src/metrics/correlation.js'
import { denseRanks } from '../src/metrics/order.js'
import { Random } from '../src/random.js'
import { attributed } from './support/closed-form.js'

const square = (side: number, inside: (y: number, x: number) => boolean): Float32Array =>
  Float32Array.from({ length: side * side }, (_, i) => (inside(Math.floor(i / side), i % side) ? 1 : 0))
const mapOf = (values: ArrayLike<number>, dims: readonly number[]): Maps => ({ x: { values: Float32Array.from(values), dims } })
const plane = (values: ArrayLike<number>): Maps => mapOf(values, [1, 1, Math.sqrt(values.length), Math.sqrt(values.length)])
const maskOf = (values: ArrayLike<number>, dims?: readonly number[]): TensorValue<'uint8'> => ({
  dtype: 'uint8',
  dims: dims ?? [Math.sqrt(values.length), Math.sqrt(values.length)],
  data: Uint8Array.from(values),
})
const value = async (...given: Parameters<typeof measure>): Promise<number> => (await measure(...given)).value
const noisy = (values: Float32Array): Float32Array => {
  const random = new Random(1)
  return values.map(one => one || 0.1 * random.uniform())
}

describe('localisation', () => {
  it('of two sines in the middle of 4 x 4', async () => {
    const mask = maskOf(square(4, (y, x) => y > 0 && y < 3 && x > 0 && x < 3))
    for (const [n, mass] of [
      [0, 0.1575546975],
      [1, 0.1695697218],
    ] as const) {
      const given = { maps: plane(attributed(n)), mask }
      expect(await value('relevance-mass', given)).toBeCloseTo(mass, 6)
      expect(await value('roc-auc', given)).toBeCloseTo(0.2916666667, 9)
      for (const [metric, options] of [['relevance-rank'], ['top-k', { k: 6 }], ['pointing-game']] as const)
        expect(await value(metric, given, options)).toBe(0)
    }
    expect(await value('relevance-mass', { maps: plane(attributed(0)), mask }, { sign: 'signed' })).toBeCloseTo(-0.4637526179, 5)
  })

  it('by the highest values', async () => {
    const box = square(224, (y, x) => y >= 50 && y < 150 && x >= 50 && x < 150)
    const given = { maps: plane(noisy(box)), mask: maskOf(box) }
    expect(await value('top-k', given, { k: 10000 })).toBe(1)
    expect(await value('top-k', given, { k: 40000 })).toBe(0.25)
    expect((await measure('top-k', given, { k: 10000 })).more!['conceptInfluence']).toBeCloseTo(5.0176, 9)
    const row = Float32Array.from({ length: 224 }, (_, i) => (i >= 50 && i < 150 ? 1 : 0))
    const line = { maps: mapOf(noisy(row), [1, 224]), mask: maskOf(row, [224]) }
    expect(await value('top-k', line, { k: 100 })).toBe(1)
    expect(await value('top-k', line, { k: 200 })).toBe(0.5)
    expect((await measure('top-k', line, { k: 100 })).more!['conceptInfluence']).toBeCloseTo(2.24, 9)
    const strip = square(224, (y, x) => y < 100 && x >= 75 && x < 100)
    const half = { maps: plane(strip), mask: maskOf(square(224, (y, x) => y < 50 && x >= 50 && x < 100)) }
    expect(await value('top-k', half, { k: 2500 })).toBe(0.5)
    const first = {
      maps: mapOf(
        Array.from({ length: 224 }, (_, i) => (i < 100 ? 1 : 0)),
        [224],
      ),
      mask: maskOf(
        Array.from({ length: 224 }, (_, i) => (i >= 50 && i < 100 ? 1 : 0)),
        [224],
      ),
    }
    // Beyond the 100 ones, 25 of the 124 zeros are taken, none of which is inside.
    expect(await value('top-k', first, { k: 125 })).toBeCloseTo(0.4, 9)
    for (const metric of ['relevance-mass', 'energy-inside'] as const) {
      expect(await value(metric, half)).toBe(0.5)
      expect(await value(metric, { maps: plane(strip), mask: maskOf(strip) })).toBe(1)
      expect(await value(metric, { maps: plane(strip), mask: maskOf(square(224, y => y > 120)) })).toBe(0)
    }
    const rank = { maps: plane(noisy(strip)), mask: maskOf(square(224, (y, x) => y >= 50 && y < 100 && x >= 50 && x < 100)) }
    expect(await value('relevance-rank', rank)).toBe(0.5)
  })

  it('by ROC, average precision and overlap', async () => {
    const [low, high] = [square(224, (y, x) => y < 112 && x < 112), square(224, (y, x) => y >= 112 && x >= 112)]
    expect(await value('roc-auc', { maps: plane(high), mask: maskOf(low) })).toBeCloseTo(1 / 3, 12)
    expect(await value('roc-auc', { maps: plane(low), mask: maskOf(low) })).toBe(1)
    const halves = { maps: mapOf([0, 0, 1, 1], [4]), mask: maskOf([1, 1, 0, 0], [4]) }
    expect(await value('roc-auc', halves)).toBe(0)
    // Precision 1, 1/2, 2/3, recall 1/2, 1/2, 1: 1/2 + 1/3. Best overlap {3 chosen, 2 hits}: 2/3; above half the maximum: 1/3.
    const given = { maps: mapOf([4, 3, 2, 1], [4]), mask: maskOf([1, 0, 1, 0], [4]) }
    expect(await value('average-precision', given)).toBeCloseTo(5 / 6, 12)
    expect(await value('iou', given)).toBeCloseTo(2 / 3, 12)
    const fixed = await measure('iou', given, { at: 'fixed', threshold: 0.6 })
    expect(fixed.value).toBeCloseTo(1 / 3, 12)
    expect(fixed.more).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5, chosen: 0.5 })
    // One level: precision is the mask's share.
    expect(await value('average-precision', { maps: mapOf([1, 1, 1, 1], [4]), mask: maskOf([1, 0, 1, 0], [4]) })).toBe(0.5)
  })

  it('points with tolerance, shares ties, and is not defined for an empty mask', async () => {
    const mask = maskOf(square(8, (y, x) => y === 2 && x === 2))
    const at = (y: number, x: number) => ({ maps: plane(square(8, (v, u) => v === y && u === x)), mask })
    expect(await value('pointing-game', at(2, 2))).toBe(1)
    expect(await value('pointing-game', at(2, 5))).toBe(0)
    expect(await value('pointing-game', at(2, 5), { tolerance: 3 })).toBe(0)
    expect(await value('pointing-game', at(2, 5), { tolerance: 3.1 })).toBe(1)
    expect(await value('pointing-game', { maps: plane(new Float32Array(64)), mask })).toBe(1 / 64)
    for (const metric of ['pointing-game', 'relevance-mass', 'roc-auc', 'relevance-rank', 'iou', 'emd-score']) {
      const found = await measure(metric, { maps: plane(new Float32Array(64)), mask: maskOf(new Float32Array(64)) })
      expect(found.value).toBeNaN()
      expect(found.reason).toBe('the mask is empty')
    }
  })

  it('focus on mosaics of 2 x 2', async () => {
    const cells = (keys: readonly number[]) => square(56, (y, x) => keys[2 * Math.floor(y / 28) + Math.floor(x / 28)] === 1)
    for (const keys of [
      [0, 0, 1, 1],
      [1, 1, 0, 0],
      [0, 1, 0, 1],
      [1, 0, 1, 0],
    ]) {
      expect(await value('focus', { maps: plane(cells(keys)), mask: maskOf(cells(keys)) })).toBe(1)
      expect(await value('focus', { maps: plane(cells(keys.map(key => 1 - key))), mask: maskOf(cells(keys)) })).toBe(0)
    }
  })

  it('mosaics of 2 x 2 and 3 x 3 put every picture into its own cell', async () => {
    for (const side of [2, 3]) {
      const pictures = Array.from({ length: side * side }, (_, k) => ({
        width: 5,
        height: 4,
        channels: 1 as const,
        data: new Uint8Array(20).fill(20 * k),
      }))
      const { picture, mask } = mosaic(pictures, side, 32, 40)
      const seen = new Set<number>()
      pictures.forEach((_, k) => {
        const { data } = mask([k])
        data.forEach((inside, i) => {
          if (!inside) return
          expect(picture.data[3 * i + 1]).toBe(20 * k)
          seen.add(i)
        })
      })
      expect(seen.size).toBe(32 * 40)
      const last = { maps: mapOf(Float32Array.from(mask([side * side - 1]).data), [1, 32, 40]), mask: mask([side * side - 1]) }
      expect(await value('pointing-game', last)).toBe(1)
    }
  })

  it('earth mover scores of tetrominoes', async () => {
    // T at (1, 1): three down, one to the right of the middle. L at (4, 5): three down, one to the right of the last.
    const t = [
      [1, 1],
      [2, 1],
      [3, 1],
      [2, 2],
    ]
    const l = [
      [4, 5],
      [5, 5],
      [6, 5],
      [6, 6],
    ]
    const shape = square(8, (y, x) => [...t, ...l].some(([v, u]) => v === y && u === x))
    const mask = maskOf(shape)
    expect(await value('emd-score', { maps: plane(shape), mask })).toBeCloseTo(1, 12)
    const corner = { maps: plane(square(8, (y, x) => y === 0 && x === 0)), mask: maskOf(square(8, (y, x) => y === 7 && x === 7)) }
    expect(await value('emd-score', corner)).toBeCloseTo(0.125, 9)
    const uniform = await measure('emd-score', { maps: plane(new Float32Array(64).fill(1)), mask })
    expect(uniform.value).toBeCloseTo(uniform.more!['uniform']!, 12)
    expect(uniform.value).toBeCloseTo(0.8355939582, 6)
    const wave = plane(Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(0.31 * (i + 1)))))
    expect(await value('emd-score', { maps: wave, mask })).toBeCloseTo(0.8320902332, 6)
    expect(await value('relevance-rank', { maps: wave, mask })).toBe(0.125)
  })
})

describe('agreement', () => {
  it('helpers on four values', () => {
    expect(spearman([0, 1, 0, 1], [1, 2, 1, 0])).toBeCloseTo(0, 12)
    expect(pearson([0, 1, 0, 1], [1, 2, 1, 0])).toBeCloseTo(0, 12)
    expect(pearson([-1, 1, 1], [0, 0, 2])).toBeCloseTo(0.5, 12)
    expect(spearman(attributed(0), attributed(1))).toBeCloseTo(0.8705882353, 9)
    expect(pearson([1, 1], [1, 2])).toBeNaN()
    // Dense ranks of absolute values.
    const ranks = (values: readonly number[]) => denseRanks(values.map(Math.abs))
    const truth = ranks([1, -0.4, 0.6, 0.2, 0.1, 0.05])
    expect(pearson(ranks([0.9, -0.5, 0.3, 0.1, -0.05, 0.02]), truth)).toBeCloseTo(0.942857, 6)
    expect(pearson(ranks([0.1, 0.8, -0.6, 0.02, 0.3, -0.2]), truth)).toBeCloseTo(0.085714, 6)
    const [first, second] = [Float64Array.from(attributed(0)), Float64Array.from(attributed(1))]
    const range = Math.max(...first, ...second) - Math.min(...first, ...second)
    expect(structuralSimilarity(first, second, { height: 1, width: 16 }, 7, range)).toBeCloseTo(0.8937121487, 8)
  })

  it('is complete with itself, whatever the scale; none with what does not vary', async () => {
    const [maps, same] = [plane(attributed(0)), plane(attributed(0).map(v => 3 * v))]
    for (const metric of ['agreement-spearman', 'agreement-pearson', 'agreement-cosine', 'agreement-top', 'agreement-ssim'])
      expect(await value(metric, { maps, other: same })).toBeCloseTo(1, 6)
    expect(await value('agreement-emd', { maps, other: same })).toBeCloseTo(0, 6)
    const flat = plane(new Float32Array(16))
    for (const metric of ['agreement-spearman', 'agreement-pearson', 'agreement-cosine', 'agreement-emd']) {
      const found = await measure(metric, { maps, other: flat })
      expect(found.value).toBeNaN()
      expect(found.reason).toBeTruthy()
    }
    expect(await value('agreement-pearson', { maps, other: plane(attributed(0).map(v => -v)) })).toBeCloseTo(-1, 9)
  })

  it('overlap of the highest, and maps of two resolutions', async () => {
    const [maps, other] = [mapOf([4, 3, 2, 1], [4]), mapOf([1, 4, 3, 2], [4])]
    expect(await value('agreement-top', { maps, other }, { share: 0.5 })).toBe(0.5)
    const coarse = mapOf([1, 2, 3, 4], [1, 2, 2])
    expect(
      await value('agreement-spearman', {
        maps: coarse,
        other: plane(Array.from({ length: 64 }, (_, i) => 3 * Math.floor(i / 8) + (i % 8))),
      }),
    ).toBeGreaterThan(0.9)
    await expect(measure('agreement-top', { maps, other: mapOf([1, 2, 3], [3]) })).rejects.toThrow(/cannot be compared/)
  })

  it('transport finds the cheapest plan, as trying every assignment does', () => {
    const random = new Random(7)
    for (let trial = 0; trial < 20; trial++) {
      const at = Array.from({ length: 10 }, () => [random.uniform(), random.uniform()] as const)
      const cost = (i: number, j: number): number => Math.hypot(at[i]![0] - at[j]![0], at[i]![1] - at[j]![1])
      const supply = at.map((_, i) => (i < 5 ? 0.2 : 0))
      const demand = at.map((_, i) => (i < 5 ? 0 : 0.2))
      const best = (left: readonly number[], i: number): number =>
        i === 5
          ? 0
          : Math.min(
              ...left.map(
                j =>
                  0.2 * cost(i, j) +
                  best(
                    left.filter(k => k !== j),
                    i + 1,
                  ),
              ),
            )
      expect(transportCost(supply, demand, cost)).toBeCloseTo(best([5, 6, 7, 8, 9], 0), 9)
    }
  })
})
