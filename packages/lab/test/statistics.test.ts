import { InputError, Random, UsageError } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import {
  bootstrap,
  bootstrapCorrelation,
  bootstrapDifference,
  bootstrapMean,
  bootstrapPValue,
  bootstrapRatio,
  detectableDifference,
  holm,
  kendall,
  mean,
  pearson,
  quantile,
  rankAgreement,
  ranks,
  resampled,
  spearman,
  standardDeviation,
  unanimousDeviation,
  unanimousInterval,
} from '../src/statistics/index.js'

const normals = (n: number, seed: number): number[] => {
  const random = new Random(seed)
  return Array.from({ length: n }, () => random.normal())
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe('mean, spread, quantiles', () => {
  it('are the textbook values', () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5)
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 14)
    expect(mean([])).toBeNaN()
    expect(standardDeviation([3])).toBeNaN()
    expect(detectableDifference(0.5, 100)).toBeCloseTo(0.14, 14)
  })

  it('interpolates quantiles at (n - 1) p, as numpy does by default', () => {
    expect(quantile([10, 1, 2, 3, 4, 5, 6, 7, 8, 9], 0.99)).toBeCloseTo(9.91, 12)
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([7], 0.2)).toBe(7)
    expect(quantile([1, 2, 3], 1)).toBe(3)
    expect(quantile([], 0.5)).toBeNaN()
    expect(() => quantile([1], 1.2)).toThrow(InputError)
  })

  it('gives 80% power at the detectable difference', () => {
    const n = 50
    const effect = detectableDifference(1, n)
    let found = 0
    for (let trial = 0; trial < 2000; trial++) {
      const values = normals(n, 1000 + trial)
      if (Math.abs(mean(values) + effect) > 1.96 / Math.sqrt(n)) found++
    }
    expect(found / 2000).toBeGreaterThan(0.77)
    expect(found / 2000).toBeLessThan(0.83)
  })
})

describe('bootstrap', () => {
  it('draws two sources with the probabilities of two coins', () => {
    const { draws, value, clusters, dropped } = bootstrapMean([0, 1], ['a', 'b'], { seed: 3, resamples: 4000 })
    const share = (of: number): number => draws.filter(draw => draw === of).length / draws.length
    expect(value).toBe(0.5)
    expect([clusters, dropped]).toEqual([2, 0])
    expect(share(0) + share(0.5) + share(1)).toBe(1)
    expect(Math.abs(share(0) - 0.25)).toBeLessThan(0.03)
    expect(Math.abs(share(1) - 0.25)).toBeLessThan(0.03)
  })

  it('has the standard error s sqrt((n - 1) / n) / sqrt(n), and its quantiles as ends', () => {
    const values = normals(60, 5)
    const estimate = bootstrapMean(values, upTo(60), { resamples: 4000 })
    const expected = (standardDeviation(values) * Math.sqrt(59 / 60)) / Math.sqrt(60)
    expect(Math.abs(standardDeviation(estimate.draws) / expected - 1)).toBeLessThan(0.04)
    expect(estimate.low).toBeCloseTo(quantile(estimate.draws, 0.025), 12)
    expect(estimate.high).toBeCloseTo(quantile(estimate.draws, 0.975), 12)
    const narrow = bootstrapMean(values, upTo(60), { resamples: 4000, level: 0.5 })
    expect(narrow.low).toBeCloseTo(quantile(estimate.draws, 0.25), 12)
  })

  it('holds the true mean in about 95 of 100 samples', () => {
    let held = 0
    for (let trial = 0; trial < 300; trial++) {
      const { low, high } = bootstrapMean(normals(40, trial), upTo(40), { seed: trial, resamples: 400 })
      if (low <= 0 && high >= 0) held++
    }
    expect(held / 300).toBeGreaterThan(0.9)
    expect(held / 300).toBeLessThan(0.98)
  })

  it('takes copies of a row together: ten copies say no more than one', () => {
    const values = normals(20, 9)
    const once = bootstrapMean(values, upTo(20), { seed: 1 })
    const copies = bootstrapMean(
      upTo(200).map(i => values[i % 20]!),
      upTo(200).map(i => i % 20),
      { seed: 1 },
    )
    const blind = bootstrapMean(
      upTo(200).map(i => values[i % 20]!),
      upTo(200),
      { seed: 1 },
    )
    expect(copies.low).toBeCloseTo(once.low, 12)
    expect(copies.high).toBeCloseTo(once.high, 12)
    expect((blind.high - blind.low) / (once.high - once.low)).toBeLessThan(0.4)
  })

  it('draws whole sources of unequal size', () => {
    const sources = ['x', 'y', 'x', 'x', 'z', 'y']
    for (const rows of resampled(sources, { resamples: 50 })) {
      const seen = sources.map((_, row) => rows.filter(other => other === row).length)
      expect([seen[0], seen[5]]).toEqual([seen[2], seen[1]])
      expect(seen[0]! + seen[1]! + seen[4]!).toBe(3)
    }
  })

  it('does not depend on the order of rows, and does on the seed', () => {
    const values = normals(30, 2)
    const order = upTo(30).sort((a, b) => ((a * 7) % 30) - ((b * 7) % 30))
    const straight = bootstrapMean(values, upTo(30), { seed: 4 })
    const shuffled = bootstrapMean(
      order.map(i => values[i]!),
      order,
      { seed: 4 },
    )
    expect(shuffled.low).toBeCloseTo(straight.low, 13)
    expect(shuffled.high).toBeCloseTo(straight.high, 13)
    expect(bootstrapMean(values, upTo(30), { seed: 5 }).low).not.toBe(straight.low)
    const few = bootstrapMean(values, upTo(30), { seed: 4, resamples: 10 })
    expect([...few.draws]).toEqual([...straight.draws.subarray(0, 10)])
  })

  it('is paired: a constant difference has no width, whatever the spread', () => {
    const first = normals(25, 8)
    const { value, low, high } = bootstrapDifference(
      first.map(x => x + 0.25),
      first,
      upTo(25),
    )
    for (const number of [value, low, high]) expect(number).toBeCloseTo(0.25, 12)
  })

  it('gives ratios and correlations, leaving out resamples in which they do not exist', () => {
    const ratio = bootstrapRatio([1, 2, 3], [2, 4, 6], upTo(3))
    expect([ratio.value, ratio.low, ratio.high]).toEqual([0.5, 0.5, 0.5])
    const rare = bootstrapRatio([1, 0], [1, 0], upTo(2), { resamples: 4000 })
    expect(Math.abs(rare.dropped / 4000 - 0.25)).toBeLessThan(0.03)
    expect(rare.high).toBe(1)
    const line = bootstrapCorrelation(pearson, [1, 2, 3], [2, 4, 6], upTo(3), { resamples: 2000 })
    expect(line.value).toBeCloseTo(1, 12)
    expect(Math.abs(line.dropped / 2000 - 3 / 27)).toBeLessThan(0.03)
    expect(line.low).toBeCloseTo(1, 12)
  })

  it('has no interval for one source', () => {
    const { value, low, high, clusters } = bootstrapMean([1, 3], ['a', 'a'])
    expect([value, clusters]).toEqual([2, 1])
    expect([low, high]).toEqual([Number.NaN, Number.NaN])
    expect(bootstrapPValue(bootstrapMean([1, 3], ['a', 'a']))).toBeNaN()
  })

  it('gives two-sided p-values', () => {
    const estimate = { ...bootstrapMean([1, 2], ['a', 'b']), draws: Float64Array.from([-1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) }
    expect(bootstrapPValue(estimate)).toBeCloseTo((2 * 2) / 11, 14)
    expect(bootstrapPValue(estimate, 5)).toBeCloseTo(2 / 11, 14)
    expect(bootstrapPValue({ ...estimate, draws: Float64Array.from([0, 0, 0]) })).toBe(1)
  })

  it('refuses what it cannot do', () => {
    expect(() => bootstrapMean([1], ['a', 'b'])).toThrow(InputError)
    expect(() => bootstrap(['a', 'b'], () => 0, { resamples: 0 })).toThrow(UsageError)
    expect(() => bootstrap(['a', 'b'], () => 0, { level: 1 })).toThrow(UsageError)
  })
})

describe('correlation', () => {
  const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
  const television = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]

  it('matches worked examples', () => {
    expect(spearman(iq, television)).toBeCloseTo(-29 / 165, 12)
    expect(pearson([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(0.8, 12)
    expect(kendall([1, 2, 3, 4, 5], [3, 4, 1, 2, 5])).toBeCloseTo(0.2, 12)
  })

  it('shares ranks among ties', () => {
    expect(spearman([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12)
    expect(kendall([1, 2, 2, 3], [1, 3, 2, 4])).toBeCloseTo(5 / Math.sqrt(30), 12)
  })

  it('is NaN where a column does not vary or holds a NaN', () => {
    for (const correlation of [pearson, spearman, kendall]) {
      expect(correlation([1, 1, 1], [1, 2, 3])).toBeNaN()
      expect(correlation([1, Number.NaN, 3], [1, 2, 3])).toBeNaN()
      expect(() => correlation([1, 2], [1])).toThrow(InputError)
    }
  })
})

describe('several hypotheses', () => {
  it("are corrected as in Holm's example", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005])
    for (const [i, expected] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(expected, 12)
    expect(holm([0.5, 0.9])).toEqual([1, 1])
    expect(holm([Number.NaN, 0.02, 0.03])).toEqual([Number.NaN, 0.04, 0.04])
    expect(holm([])).toEqual([])
  })
})

describe('shares on which all agree', () => {
  it('have the exact interval', () => {
    expect(unanimousInterval(true, 100).low).toBeCloseTo(0.9637833, 6)
    expect(unanimousInterval(true, 100).high).toBe(1)
    expect(unanimousInterval(false, 10).high).toBeCloseTo(0.3084971, 6)
    expect(unanimousInterval(false, 10, 0.9).high).toBeCloseTo(1 - 0.05 ** 0.1, 12)
    expect(unanimousInterval(false, 0).low).toBeNaN()
    expect(unanimousDeviation(16)).toBeCloseTo(0.3, 12)
  })
})

describe('ranks', () => {
  it('put the largest first and share ties', () => {
    expect(ranks([0.1, 0.5, 0.3, 0.5])).toEqual([4, 1.5, 3, 1.5])
    expect(ranks([Number.NaN, 2, Number.NaN])).toEqual([2.5, 1, 2.5])
    expect(ranks([])).toEqual([])
  })

  it('compare with a published order, naming who disagrees', () => {
    const agreement = rankAgreement({ a: 3, b: 1, c: 2, extra: 9 }, ['a', 'b', 'c', 'gone'])
    expect(agreement.names).toEqual(['a', 'b', 'c'])
    expect(agreement.missing).toEqual(['gone', 'extra'])
    expect(agreement.agreeing).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ])
    expect(agreement.disagreeing).toEqual([['b', 'c']])
    expect(agreement.kendall).toBeCloseTo(1 / 3, 12)
    expect(agreement.spearman).toBeCloseTo(0.5, 12)
    const unresolved = rankAgreement({ a: 3, b: 1, c: 2 }, ['a', 'b', 'c'], (x, y) => x === 'b' && y === 'c')
    expect(unresolved.tied).toEqual([['b', 'c']])
    expect(() => rankAgreement({ a: 1 }, ['a', 'a'])).toThrow(InputError)
  })
})
