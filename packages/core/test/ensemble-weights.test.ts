/** @file Learned weights against a grid over the simplex; maps brought to one size; ensembles over segments. */
import { describe, expect, it } from 'vitest'
import {
  alignMaps,
  combineOverSegments,
  faithfulnessForm,
  formOf,
  formValue,
  optimalWeights,
  predictedChanges,
  type QuadraticForm,
  Random,
  robustnessForm,
  scaledForm,
  segmentSums,
  tradeOff,
  UsageError,
  unitFactors,
} from '../src/index.js'

const normals = (seed: number, count: number): Float64Array => {
  const random = new Random(seed, 5)
  return Float64Array.from({ length: count }, () => random.normal())
}

/** The smallest value over a grid of step 1/200 on the simplex of three members. */
function gridMinimum(form: QuadraticForm): number {
  let least = Number.POSITIVE_INFINITY
  const steps = 200
  for (let i = 0; i <= steps; i++)
    for (let j = 0; i + j <= steps; j++) least = Math.min(least, formValue(form, [i / steps, j / steps, 1 - (i + j) / steps]))
  return least
}

const truth = normals(1, 40)
const predicted = [2, 3, 4].map((seed, m) => truth.map((value, k) => (m < 2 ? 0.7 * value : 0) + normals(seed, 40)[k]!))
const faithful = faithfulnessForm(predicted, truth)
const members = [normals(5, 30), normals(6, 30), normals(7, 30)]
const noisy = [8, 9].map(seed =>
  members.map((member, m) => {
    const draw = normals(seed * 10 + m, 30)
    return member.map((value, i) => value + (m + 1) * 0.1 * draw[i]!)
  }),
)
const robust = robustnessForm(members, noisy)

describe('quadratic forms', () => {
  it('are the mean squared miss, and the mean squared change', () => {
    const weights = [0.2, 0.5, 0.3]
    let miss = 0
    for (let k = 0; k < 40; k++) miss += (weights.reduce((sum, w, m) => sum + w * predicted[m]![k]!, 0) - truth[k]!) ** 2 / 40
    expect(formValue(faithful, weights)).toBeCloseTo(miss, 12)
    let change = 0
    for (const maps of noisy)
      for (let i = 0; i < 30; i++)
        change += weights.reduce((sum, w, m) => sum + w * (maps[m]![i]! - members[m]![i]!), 0) ** 2 / 60
    expect(formValue(robust, weights)).toBeCloseTo(change, 12)
    expect(formValue(scaledForm(faithful, [2, 2, 2]), weights)).toBeCloseTo(formValue(faithful, [0.4, 1, 0.6]), 12)
    expect(formValue(formOf(faithful, [2, 0]), [0.4, 0.6])).toBeCloseTo(formValue(faithful, [0.6, 0, 0.4]), 12)
  })

  it('refuse what does not fit', () => {
    expect(() => faithfulnessForm([[1, 2]], [1])).toThrow(UsageError)
    expect(() => robustnessForm([[1, 2]], [])).toThrow(UsageError)
    expect(() => tradeOff(faithful, robust, 1.5)).toThrow(/between 0 and 1/)
    expect(() => optimalWeights('both', faithful, undefined)).toThrow(/noisy inputs/)
  })
})

describe('optimal weights', () => {
  it.each([
    ['faithfulness', 0],
    ['both', 0.5],
    ['both', 0.9],
  ] as const)('%s: no point of a grid is lower (share of robustness %d)', (aim, share) => {
    const factors = unitFactors(faithful)
    expect(factors.every(value => value > 0)).toBe(true)
    const [f, r] = [scaledForm(faithful, factors), scaledForm(robust, factors)]
    const form = aim === 'both' ? tradeOff(f, r, share) : f
    const weights = optimalWeights(aim, faithful, robust, share)
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    // The factors are part of the weights: taken out again, they are the simplex's point.
    const plain = weights.map((w, m) => w / factors[m]!)
    const sum = plain.reduce((a, b) => a + b, 0)
    const found = formValue(
      form,
      plain.map(w => w / sum),
    )
    const grid = gridMinimum(form)
    expect(found).toBeLessThanOrEqual(grid + 1e-12)
    expect(found).toBeGreaterThan(grid - 0.01 * Math.abs(grid))
  })

  it('robustness: inverse variances, about', () => {
    const weights = optimalWeights('robustness', faithful, robust)
    const found = formValue(robust, weights)
    expect(found).toBeLessThanOrEqual(gridMinimum(robust) + 1e-12)
    // Independent changes with deviations 1, 2, 3 want 36 : 9 : 4.
    expect(weights[0]).toBeGreaterThan(0.6)
    expect(weights[0]!).toBeGreaterThan(weights[1]!)
  })

  it('give nothing to a member that predicts the wrong sign, and are equal where all do', () => {
    const inverted = faithfulnessForm([truth, truth.map(value => -value)], truth)
    expect(Array.from(optimalWeights('faithfulness', inverted, undefined))).toEqual([1, 0])
    const worthless = faithfulnessForm([truth.map(value => -value), truth.map(value => -2 * value)], truth)
    expect(Array.from(optimalWeights('faithfulness', worthless, undefined))).toEqual([0.5, 0.5])
  })

  it('do not depend on the units of a map', () => {
    const other = faithfulnessForm([predicted[0]!.map(value => 1000 * value), predicted[1]!, predicted[2]!], truth)
    const [plain, scaled] = [faithful, other].map(form => optimalWeights('faithfulness', form, undefined))
    const back = [scaled![0]! * 1000, scaled![1]!, scaled![2]!]
    const sum = back.reduce((a, b) => a + b, 0)
    back.forEach((value, m) => {
      expect(value / sum).toBeCloseTo(plain![m]!, 6)
    })
  })

  it('predict changes by sums over the regions replaced', () => {
    const removals = {
      regions: 2,
      labels: Int32Array.of(0, 0, 1, -1),
      taken: [Uint8Array.of(1, 0), Uint8Array.of(1, 1)],
      drops: new Float64Array(2),
    }
    expect(Array.from(predictedChanges([1, 2, 4, 8], removals))).toEqual([3, 7])
  })
})

describe('maps brought to one size', () => {
  it('add channels up, with or without their signs, in either layout', () => {
    const nchw = { values: Float32Array.of(1, 2, 3, 4, -1, 0, 1, -6), dims: [1, 2, 2, 2] }
    expect(Array.from(alignMaps([nchw]).members[0]!)).toEqual([0, 2, 4, -2])
    expect(Array.from(alignMaps([nchw], { channels: 'absolute' }).members[0]!)).toEqual([2, 2, 4, 10])
    expect(Array.from(alignMaps([nchw], { layout: 'NHWC' }).members[0]!)).toEqual([3, 7, -1, -5])
  })

  it('enlarge what a layer gives', () => {
    const layer = { values: Float32Array.of(0, 1), dims: [1, 1, 2] }
    const input = { values: new Float32Array(8), dims: [1, 1, 2, 4] }
    const { members: planes, width, height } = alignMaps([layer, input])
    expect([width, height]).toEqual([4, 2])
    expect(Array.from(planes[0]!)).toEqual([0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1])
    expect(() => alignMaps([{ values: new Float32Array(3), dims: [1, 3] }])).toThrow(/no picture/)
  })
})

describe('ensembles over segments', () => {
  it('combine sums and spread them back', () => {
    const labels = [0, 0, 1, -1, 2]
    const maps = [
      [1, 1, 5, 9, 0],
      [0, 1, 3, 9, 2],
    ]
    expect(Array.from(segmentSums(maps[0]!, labels, 3))).toEqual([2, 5, 0])
    const { values, spread } = combineOverSegments(maps, labels, { normaliser: 'none' })
    expect(Array.from(values)).toEqual([1.5, 1.5, 4, 0, 1])
    expect(Array.from(spread)).toEqual([0.5, 0.5, 1, 0, 1])
    const kemeny = combineOverSegments(maps, labels, { normaliser: 'none', scheme: 'kemeny' })
    expect(kemeny.values[2]).toBe(1)
  })
})
