import { describe, expect, it } from 'vitest'
import { normalDistribution } from '../src/ensemble/incumbent.js'
import { combine, convexWeights, normalise, normalisers, schemeNamed, schemes } from '../src/ensemble/index.js'
import { quantilesOf } from '../src/ensemble/selection.js'
import { NotFiniteError, Random } from '../src/index.js'
import { sortedQuantile } from '../src/metrics/order.js'
import { ascendingOrder } from '../src/radix-order.js'

const expectClose = (actual: ArrayLike<number>, expected: readonly number[], digits = 10): void => {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits)
}

describe('normalisers, by hand', () => {
  const map = [-2, 0, 1, 5]
  // mean 1, population variance (9 + 1 + 0 + 16) / 4 = 6.5; sorted quartiles -0.5, 0.5, 2; mean square 7.5; absolute sum 8.
  const table: Record<string, readonly [signed: number[], absolute: number[]]> = {
    none: [map, [2, 0, 1, 5]],
    'min-max': [
      [0, 2 / 7, 3 / 7, 1],
      [0.4, 0, 0.2, 1],
    ],
    'max-abs': [
      [-0.4, 0, 0.2, 1],
      [0.4, 0, 0.2, 1],
    ],
    'z-score': [[-3, -1, 0, 4].map(value => value / Math.sqrt(6.5)), [0, -2, -1, 3].map(value => value / Math.sqrt(3.5))],
    'median-iqr': [[-2.5, -0.5, 0.5, 4.5].map(value => value / 2.5), [0.5, -1.5, -0.5, 3.5].map(value => value / 2)],
    'second-moment': [map.map(value => value / Math.sqrt(7.5)), [2, 0, 1, 5].map(value => value / Math.sqrt(7.5))],
    l1: [
      [-0.25, 0, 0.125, 0.625],
      [0.25, 0, 0.125, 0.625],
    ],
    l2: [map.map(value => value / Math.sqrt(30)), [2, 0, 1, 5].map(value => value / Math.sqrt(30))],
    rank: [
      [0, 1 / 3, 2 / 3, 1],
      [2 / 3, 0, 1 / 3, 1],
    ],
    'clamp-min-max': [
      [0, 0, 0.2, 1],
      [0.4, 0, 0.2, 1],
    ],
  }
  it('has a row for each', () => expect([...Object.keys(table), 'quantile']).toEqual(normalisers.map(({ name }) => name)))

  it.each(Object.entries(table))('%s', (name, [signed, absolute]) => {
    expectClose(normalise(map, name), signed)
    expectClose(normalise(map, name, {}, true), absolute)
  })

  it('quantile', () => {
    // q01 = -2 + 0.03 * 2, q99 = 5 - 0.03 * 4.
    expectClose(normalise(map, 'quantile'), [0, 1.94 / 6.82, 2.94 / 6.82, 1])
    // |v| sorted 0, 1, 2, 5: q01 = 0.03, q99 = 4.91.
    expectClose(normalise(map, 'quantile', {}, true), [1.97 / 4.88, 0, 0.97 / 4.88, 1])
    expectClose(normalise(map, 'quantile', { share: 0.25 }), [0, 0.5 / 2.5, 1.5 / 2.5, 1])
  })

  it.each(normalisers.map(({ name }) => [name]))('%s: what a constant and an all-negative map become', name => {
    const flat = { none: 3, 'max-abs': 1, 'second-moment': 1, l1: 1 / 5, l2: 1 / Math.sqrt(5), rank: 0.5 }[name] ?? 0
    expectClose(normalise([3, 3, 3, 3, 3], name), Array(5).fill(flat))
    expectClose(normalise([0, 0, 0], name), Array(3).fill(name === 'rank' ? 0.5 : 0))
    // A mean of equal values may be off by rounding; no deviation may be made of it.
    expect(new Set(normalise(Array(7).fill(0.1), name))).toHaveLength(1)
    const negative = normalise([-3, -2, -1], name)
    if (name === 'clamp-min-max') expectClose(negative, [0, 0, 0])
    else expect(Array.from(negative)).toEqual(Array.from(negative).sort((a, b) => a - b))
    expect(negative.every(Number.isFinite)).toBe(true)
  })

  it('median-iqr divides sparse maps by the mean deviation from the median', () => {
    expectClose(normalise([0, 0, 0, 0, 0, 0, 0, 4], 'median-iqr'), [0, 0, 0, 0, 0, 0, 0, 8])
  })

  it('refuses NaN and infinity, saying where', () => {
    expect(() => normalise([1, Number.NaN], 'min-max')).toThrow(NotFiniteError)
    expect(() => normalise([1, 2, Number.POSITIVE_INFINITY], 'none')).toThrow('element 2')
    expect(() => normalise([1], 'minmax')).toThrow('did you mean "min-max"')
  })
})

describe('schemes, by hand', () => {
  const members = [Float64Array.of(0, 1, 0.5, 0.2), Float64Array.of(1, 1, 0.5, 0.4), Float64Array.of(0.5, 1, 0, 0.9)]
  const mu = [0.5, 1, 1 / 3, 0.5]
  const sigma = [Math.sqrt(1 / 6), 0, Math.sqrt(1 / 18), Math.sqrt((0.09 + 0.01 + 0.16) / 3)]
  const of = (name: string, options = {}, maps = members): Float64Array =>
    combine(maps, { normaliser: 'none', scheme: name, schemeOptions: options }).values
  const phi = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  const level = 0.5 + 0.7 * 0.5 // quantile 0.9 of the sorted means 1/3, 0.5, 0.5, 1 lies at place 2.7

  it('mean, median, trimmed mean, extremes, geometric mean', () => {
    expectClose(of('mean'), mu)
    expectClose(of('median'), [0.5, 1, 0.5, 0.4])
    expectClose(of('median', {}, members.slice(0, 2)), [0.5, 1, 0.5, 0.3])
    expectClose(of('trimmed-mean'), [0.5, 1, 0.5, 0.4])
    expectClose(of('trimmed-mean', { share: 0 }), mu)
    expectClose(of('max'), [1, 1, 0.5, 0.9])
    expectClose(of('min'), [0, 1, 0, 0.2])
    expectClose(of('geometric'), [0, 1, 0, Math.cbrt(0.072)])
    expectClose(of('geometric', {}, [Float64Array.of(-1), Float64Array.of(2)]), [0])
  })

  it('bounds', () => {
    expectClose(
      of('upper-confidence-bound', { kappa: 2 }),
      mu.map((m, i) => m + 2 * sigma[i]!),
    )
    expectClose(
      of('lower-confidence-bound'),
      mu.map((m, i) => m - sigma[i]!),
    )
  })

  it('improvement on the incumbent', () => {
    const z = mu.map((m, i) => (m - level) / sigma[i]!)
    expectClose(of('probability-of-improvement'), [
      normalDistribution(z[0]!),
      1,
      normalDistribution(z[2]!),
      normalDistribution(z[3]!),
    ])
    expectClose(
      of('expected-improvement'),
      mu.map((m, i) => (i === 1 ? 0.15 : (m - level) * normalDistribution(z[i]!) + sigma[i]! * phi(z[i]!))),
    )
    expectClose(of('probability-of-improvement', { xi: 0.15 }).subarray(1, 2), [0.5])
    expectClose(of('expected-improvement', { xi: 0.2 }).subarray(1, 2), [0])
  })

  it('the normal distribution, against known values', () => {
    expect(normalDistribution(0)).toBe(0.5)
    expect(normalDistribution(1)).toBeCloseTo(0.841344746068543, 14)
    expect(normalDistribution(-1.959963984540054)).toBeCloseTo(0.025, 14)
    expect(normalDistribution(-6) / 9.865876450376981e-10).toBeCloseTo(1, 12)
    expect(1 - normalDistribution(8)).toBeCloseTo(6.22e-16, 16)
    expect(normalDistribution(9)).toBe(1)
    expect(normalDistribution(-40)).toBe(0)
    expect(normalDistribution(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(normalDistribution(-3) / 0.0013498980316300946).toBeCloseTo(1, 13)
    expect(normalDistribution(-20) / 2.7536241186062337e-89).toBeCloseTo(1, 12)
  })

  it('the normal distribution, against its series between the knots of its table', () => {
    const series = (z: number): number => {
      let [sum, term] = [z, z]
      for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
        term *= (z * z) / k
        sum += term
      }
      return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
    }
    for (let z = -5; z <= 5; z += 0.0137) expect(Math.abs(normalDistribution(z) - series(z)), String(z)).toBeLessThan(1e-14)
  })

  it('mean over deviation', () => {
    const floor = (10 * (0.5 + 1 + 1 / 3 + 0.5)) / 4
    expectClose(
      of('mean-over-deviation'),
      mu.map((m, i) => m / (sigma[i]! + floor)),
    )
    expectClose(of('mean-over-deviation', {}, [Float64Array.of(0, 0), Float64Array.of(0, 0)]), [0, 0])
  })

  it('Borda: mean ranks', () => {
    // ranks from 0: (0, 3, 2, 1), (2.5, 2.5, 1, 0), (1, 3, 0, 2), divided by 3
    expectClose(
      of('borda'),
      [3.5, 8.5, 3, 3].map(sum => sum / 9),
    )
    const random = new Random(6)
    const maps = Array.from({ length: 3 }, () => Float64Array.from({ length: 500 }, () => random.integer(200) / 7))
    const ranks = maps.map(map => normalise(map, 'rank'))
    expectClose(
      of('borda', {}, maps),
      Array.from(maps[0]!, (_, i) => (ranks[0]![i]! + ranks[1]![i]! + ranks[2]![i]!) / 3),
      12,
    )
    expectClose(of('borda', {}, [Float64Array.of(3)]), [0.5])
    expect(combine(maps, { normaliser: 'rank', scheme: 'borda' }).values).toEqual(of('borda', {}, maps))
  })

  it('Kemeny contradicts the fewest pairs, against every order', () => {
    const random = new Random(3)
    const maps = Array.from({ length: 4 }, () => Float64Array.from({ length: 6 }, () => random.uniform()))
    const scored = of('kemeny', {}, maps)
    const agreement = (value: ArrayLike<number>): number => {
      let sum = 0
      for (let a = 0; a < 6; a++)
        for (let b = 0; b < 6; b++) if (value[a]! > value[b]!) for (const map of maps) sum += Math.sign(map[a]! - map[b]!)
      return sum
    }
    const orders = (left: number[]): number[][] =>
      left.length === 0 ? [[]] : left.flatMap(one => orders(left.filter(other => other !== one)).map(rest => [one, ...rest]))
    const best = Math.max(...orders([0, 1, 2, 3, 4, 5]).map(order => agreement(order)))
    expect(agreement(scored)).toBe(best)
    expect(Array.from(scored).sort((a, b) => a - b)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  })

  it('Kemeny of many places keeps an order that all share, and refuses pixels', () => {
    const shared = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i))
    expect(Array.from(ascendingOrder(of('kemeny', {}, [shared, shared])))).toEqual(Array.from(ascendingOrder(shared)))
    expect(() => of('kemeny', {}, [new Float64Array(2000)])).toThrow('at most 1000 places')
  })

  it('Thompson draws around the mean with the spread, the same for the same seed', () => {
    const maps = [new Float64Array(20_000).fill(1), new Float64Array(20_000).fill(3)]
    const drawn = (seed: number): Float64Array => combine(maps, { normaliser: 'none', scheme: 'thompson', seed }).values
    const values = drawn(4)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(Math.abs(mean - 2)).toBeLessThan(5 / Math.sqrt(20_000))
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000))
    expect(Array.from(drawn(4))).toEqual(Array.from(values))
    expect(drawn(5)[0]).not.toBe(values[0])
  })

  it('an RBM finds what two members share, whatever a third says and however the unit is oriented', () => {
    const random = new Random(8)
    const hidden = Array.from({ length: 4000 }, () => (random.uniform() < 0.3 ? 1 : 0))
    const noisy = (): Float64Array => Float64Array.from(hidden, on => 0.15 + 0.7 * on + 0.1 * (random.uniform() - 0.5))
    const maps = [noisy(), noisy(), Float64Array.from(hidden, () => random.uniform())]
    for (const seed of [0, 1, 2, 3]) {
      const { values } = combine(maps, { scheme: 'rbm', schemeOptions: { rate: 0.01 }, seed })
      const mean = (on: number): number => {
        const own = Array.from(values).filter((_, i) => hidden[i] === on)
        return own.reduce((sum, value) => sum + value, 0) / own.length
      }
      expect(mean(1) - mean(0)).toBeGreaterThan(0.1)
      expect(values.every(value => value >= 0 && value <= 1)).toBe(true)
    }
  })

  it('given weights', () => {
    expectClose(of('convex', { weights: '2/1/1' }), [0.375, 1, 0.375, 0.425])
    expectClose(of('convex'), mu)
    expect(() => of('convex', { weights: '1/2' })).toThrow('must be 3 numbers')
  })

  it.each(schemes.filter(({ name }) => name !== 'thompson' && name !== 'rbm').map(({ name }) => [name]))(
    '%s does not depend on the order of members',
    name => expectClose(of(name), Array.from(of(name, {}, [members[2]!, members[0]!, members[1]!]))),
  )

  it('gives the spread beside the consensus', () => {
    expectClose(combine(members, { normaliser: 'none' }).spread, sigma)
  })

  it('refuses maps of unequal size, none, and unknown schemes', () => {
    expect(() => combine([[1, 2], [1]])).toThrow('member 1 of the ensemble has 1 values')
    expect(() => combine([])).toThrow('at least one map')
    expect(() => schemeNamed('kemney')).toThrow('did you mean "kemeny"')
  })
})

describe('convex weights', () => {
  it('are those of a fine grid over the simplex', () => {
    const random = new Random(11)
    for (let trial = 0; trial < 20; trial++) {
      const columns = Array.from({ length: 3 }, () => Array.from({ length: 5 }, () => random.normal()))
      const y = Array.from({ length: 5 }, () => random.normal())
      const dot = (p: number[], q: number[]): number => p.reduce((sum, value, i) => sum + value * q[i]!, 0)
      const a = columns.map(p => Float64Array.from(columns, q => dot(p, q)))
      const b = Float64Array.from(columns, p => dot(p, y))
      const cost = (w: ArrayLike<number>): number => {
        let sum = 0
        for (let i = 0; i < 3; i++) {
          sum -= 2 * b[i]! * w[i]!
          for (let j = 0; j < 3; j++) sum += w[i]! * a[i]![j]! * w[j]!
        }
        return sum
      }
      const weights = convexWeights(a, b)
      expect(weights.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
      let best = Number.POSITIVE_INFINITY
      for (let i = 0; i <= 200; i++)
        for (let j = 0; i + j <= 200; j++) best = Math.min(best, cost([i / 200, j / 200, (200 - i - j) / 200]))
      expect(cost(weights)).toBeLessThanOrEqual(best + 1e-9)
    }
  })

  it('share equally among copies or choose among them, and reach the same optimum', () => {
    const a = [Float64Array.of(1, 1), Float64Array.of(1, 1)]
    const weights = convexWeights(a, Float64Array.of(0.5, 0.5))
    expect(weights[0]! + weights[1]!).toBeCloseTo(1, 12)
  })
})

describe('quantiles without a sort', () => {
  it('are those of the sorted values', () => {
    const random = new Random(5)
    for (const values of [
      Float64Array.from({ length: 2001 }, () => random.normal()),
      Float64Array.from({ length: 1000 }, () => random.integer(4)),
      Float64Array.from({ length: 999 }, (_, i) => i),
      new Float64Array(50).fill(2),
      Float64Array.of(7),
    ]) {
      const shares = [0.9, 0, 1, 0.25, 0.5, 0.337]
      const sorted = values.slice().sort()
      expect(quantilesOf(values, shares)).toEqual(shares.map(share => sortedQuantile(sorted, share)))
    }
  })
})

describe('ascending order', () => {
  it('is the stable one, for values of any sign and size, and for values that differ in their last bits', () => {
    const random = new Random(2)
    const lists = [
      [],
      [3],
      Array.from({ length: 3000 }, () => random.normal() * 10 ** (random.integer(600) - 300)),
      Array.from({ length: 3000 }, () => random.integer(5) - 2),
      Array.from({ length: 3000 }, () => 5 + random.integer(900) * 2 ** -50),
      [0, -0, 0, -0, 1, -1],
      [Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY],
      // A run of equal upper halves that is long, and one that starts in order.
      Array.from({ length: 3000 }, () => 1 + random.integer(2 ** 30) * 2 ** -52),
      [1 + 2 ** -52, 1 + 3 * 2 ** -52, 1, 1 + 2 ** -51],
    ]
    for (const values of lists)
      expect(Array.from(ascendingOrder(values))).toEqual([...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b))
  })
})
