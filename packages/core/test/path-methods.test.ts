/** @file Guided IG, IDG and expected gradients: golden cases, slow second forms, what seeds and samples do. */
import type { Graph } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random, relativeResidual } from '../src/index.js'
import { build, difference, mixed, modelOf, multilayer, squares, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** Relative to the largest expected value. */
function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: number[]) => ({ x: float32([1, values.length], values) })
const baseline = (values: number[]) => ({ x: float32([1, values.length], values) })

/** f = (w . x)^power. */
const weighted = (weights: number[], power: 1 | 2 = 1): Graph =>
  build({ x: ['batch', weights.length] }, (b, x) => {
    const dot = b.emit('MatMul', [x!, b.constant(tensor([weights.length, 1], weights))])
    return power === 1 ? dot : b.emit('Mul', [dot, dot])
  })

describe('guided-ig', () => {
  it.each([
    [0.1, 1, [71.892036, 9.017982]],
    [0.1, 0.2, [65.4444, 15.471]],
    [0.1, 0, [53.946, 26.973]],
  ])('13: (2 x1 + x2)^2, fraction %s, distance %s', async (fraction, maxDistance, expected) => {
    const options = { points: 1000, fraction, maxDistance, variant: 'pair' }
    const a = await explain(modelOf(weighted([2, 1], 2)), row([3, 3]), 'guided-ig', { target: 0, options })
    expectValues(a.values, expected)
    const both = await explain(modelOf(weighted([2, 1], 2)), row([3, 3]), 'guided-ig', {
      target: 0,
      options: { ...options, variant: 'ascribe' },
    })
    expect(both.values[0]! + both.values[1]!).toBeCloseTo(81, 4)
    expect(Math.abs(both.residual!)).toBeLessThan(1e-4)
    if (maxDistance === 0) expectValues(both.values, [54, 27])
  })

  it('13b and 13c: any path of a linear and of a separable function', async () => {
    const options = { points: 40, baseline: baseline([-1, -3]), maxDistance: 1 }
    expectValues((await explain(modelOf(weighted([2, 1])), row([10, 5]), 'guided-ig', { target: 0, options })).values, [22, 8])
    const separable = build({ x: ['batch', 2] }, (b, x) =>
      b.emit('MatMul', [b.emit('Mul', [x!, x!]), b.constant(tensor([2, 1], [2, 1]))]),
    )
    const a = await explain(modelOf(separable), row([3, 3]), 'guided-ig', { target: 0, options: { points: 40, maxDistance: 1 } })
    expectValues(a.values, [18, 9])
  })

  it.each([
    [0.25, 0.02],
    [0.3, 0.3],
    [0.01, 1],
    [1, 0.1],
  ])('follows the path of a slow second form, fraction %s, distance %s', async (fraction, maxDistance) => {
    const random = new Random(5)
    const weights = Array.from({ length: 9 }, () => random.normal())
    const input = Float32Array.from({ length: 9 }, () => random.normal())
    const start = Float32Array.from(input, (x, i) => (i === 4 ? x : random.normal()))
    const matrix = Array.from({ length: 9 * 9 }, () => Math.fround(random.normal()))
    const graph = build({ x: ['batch', 9] }, (b, x) => {
      const h = b.emit('Tanh', [b.emit('MatMul', [x!, b.constant(tensor([9, 9], matrix))])])
      return b.emit('MatMul', [h, b.constant(tensor([9, 1], weights))])
    })
    const gradient = (x: readonly number[]): number[] => {
      const slopes = weights.map((w, j) => {
        const h = x.reduce((sum, value, i) => sum + value * matrix[i * 9 + j]!, 0)
        return Math.fround(w) * (1 - Math.tanh(h) ** 2)
      })
      return x.map((_, i) => slopes.reduce((sum, slope, j) => sum + slope * matrix[i * 9 + j]!, 0))
    }
    const options = { points: 30, fraction, maxDistance, variant: 'pair', baseline: baseline([...start]) }
    const a = await explain(modelOf(graph), row([...input]), 'guided-ig', { target: 0, options })
    expectValues(a.values, slowGuided([...input], [...start], gradient, 30, fraction, maxDistance))
  })

  it('takes the straight line where the distance is 0, also over several inputs', async () => {
    const inputs = { x1: float32([1, 1], [3]), x2: float32([1, 1], [1]) }
    const options = { points: 999, maxDistance: 0 }
    const a = await explain(modelOf(difference()), inputs, 'guided-ig', { target: 0, options })
    expectValues([a.maps['x1']!.values[0]!, a.maps['x2']!.values[0]!], [1.5, -0.5], 2e-3)
  })

  it('gives zeros where the input is its own baseline', async () => {
    const a = await explain(modelOf(mixed()), row([1, 2, 3]), 'guided-ig', {
      target: 0,
      options: { points: 5, baseline: baseline([1, 2, 3]) },
    })
    expect(Array.from(a.values, Math.abs)).toEqual([0, 0, 0])
    expect(a.cost.gradients).toBe(6)
  })
})

/** The path in the input's own units, with sorting, as in the paper's listing. */
function slowGuided(
  input: readonly number[],
  start: readonly number[],
  gradient: (x: readonly number[]) => number[],
  steps: number,
  fraction: number,
  maxDistance: number,
): number[] {
  const distance = (x: readonly number[]): number => x.reduce((sum, value, i) => sum + Math.abs(value - input[i]!), 0)
  const on = (share: number, i: number): number => start[i]! + share * (input[i]! - start[i]!)
  const whole = distance(start)
  const result = input.map(() => 0)
  let x = [...start]
  for (let k = 1; k <= steps; k++) {
    const slopes = gradient(x)
    const [low, high] = [Math.max(0, k / steps - maxDistance), Math.min(1, k / steps + maxDistance)]
    const goal = whole * (1 - k / steps)
    let next = x.map((value, i) =>
      input[i] !== start[i] && (value - start[i]!) / (input[i]! - start[i]!) < low ? on(low, i) : value,
    )
    const done = new Set(next.flatMap((_, i) => (input[i] === start[i] ? [i] : [])))
    while (distance(next) - goal > 1e-9 * whole) {
      next.forEach((value, i) => {
        if (Math.abs(value - on(high, i)) < 1e-12) done.add(i)
      })
      const sizes = slopes.map((slope, i) => (done.has(i) ? Number.POSITIVE_INFINITY : Math.abs(slope)))
      const threshold = [...sizes].sort((p, q) => p - q)[Math.floor(fraction * (sizes.length - 1))]!
      const chosen = sizes.flatMap((size, i) => (size <= threshold && !done.has(i) ? [i] : []))
      const reach = chosen.reduce((sum, i) => sum + Math.abs(on(high, i) - next[i]!), 0)
      const share = (distance(next) - goal) / reach
      next = next.map((value, i) =>
        !chosen.includes(i) ? value : share > 1 ? on(high, i) : value + share * (on(high, i) - value),
      )
    }
    next.forEach((value, i) => {
      result[i]! += (value - x[i]!) * slopes[i]!
    })
    x = next
  }
  return result
}

describe('idg', () => {
  /** (x - b) times the integral of gradient times slope, by a fine midpoint rule in double precision. */
  const slowIdg = (x: readonly number[], b: readonly number[], gradient: (x: readonly number[]) => number[]): number[] => {
    const sum = x.map(() => 0)
    const steps = 20_000
    for (let k = 0; k < steps; k++) {
      const found = gradient(x.map((value, i) => b[i]! + ((k + 0.5) / steps) * (value - b[i]!)))
      const slope = found.reduce((total, g, i) => total + g * (x[i]! - b[i]!), 0)
      found.forEach((g, i) => {
        sum[i]! += (g * slope * (x[i]! - b[i]!)) / steps
      })
    }
    return sum
  }

  it('5 x + y^2 + sin z against its integral, and the sum against the integral of the squared slope', async () => {
    const [x, b] = [
      [1, 2, 3],
      [0.5, 1, 1],
    ]
    const expected = slowIdg(x, b, ([, y, z]) => [5, 2 * y!, Math.cos(z!)])
    const a = await explain(modelOf(mixed()), row(x), 'idg', {
      target: 0,
      options: { rule: 'gauss-legendre', points: 20, baseline: baseline(b) },
    })
    expectValues(a.values, expected)
    const adaptive = await explain(modelOf(mixed()), row(x), 'idg', {
      target: 0,
      options: { points: 500, baseline: baseline(b) },
    })
    expectValues(adaptive.values, expected, 1e-3)
    expect(a.baselineValue).toBeUndefined()
  })

  it('is the weight times the whole change for a linear function', async () => {
    // df/da = 22 + 8 = 30 everywhere.
    const a = await explain(modelOf(weighted([2, 1])), row([10, 5]), 'idg', {
      target: 0,
      options: { points: 7, baseline: baseline([-1, -3]) },
    })
    expectValues(a.values, [22 * 30, 8 * 30])
  })

  it('adaptive points find a narrow rise that even ones miss', async () => {
    // tanh(200 (x - 0.613)): nearly all of its change lies in a hundredth of the path.
    const steep = build({ x: ['batch', 1] }, (b, x) =>
      b.emit('Tanh', [b.emit('Mul', [b.emit('Sub', [x!, b.float(0.613)]), b.float(200)])]),
    )
    const exact = slowIdg([1], [0], ([x]) => [200 * (1 - Math.tanh(200 * (x! - 0.613)) ** 2)])[0]!
    const error = async (rule: string): Promise<number> => {
      const a = await explain(modelOf(steep), row([1]), 'idg', { target: 0, options: { rule, points: 50 } })
      return Math.abs(a.values[0]! / exact - 1)
    }
    expect(await error('adaptive')).toBeLessThan(0.02)
    expect(await error('middle')).toBeGreaterThan(0.2)
  })

  it('counts a flat path as nothing', async () => {
    const a = await explain(modelOf(weighted([0, 0])), row([10, 5]), 'idg', { target: 0, options: { points: 5 } })
    expect(Array.from(a.values, Math.abs)).toEqual([0, 0])
  })
})

describe('expected-gradients', () => {
  const three = float32([3, 2], [0, 0, 1, 2, -2, 1])
  const method = 'expected-gradients'

  it('16: one baseline and no noise is integrated gradients from it', async () => {
    const options = { samples: 20_000, baseline: baseline([1, -3]) }
    const a = await explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options })
    expectValues(a.values, [9 - 1, 16 - 9])
    expect(a.baselineValue).toBe(10)
    expect(relativeResidual(a)!).toBeLessThan(1e-5)
    expect(a.cost).toMatchObject({ forwards: 2, gradients: 20_000 })
  })

  it('averages over a set of baselines', async () => {
    const options = { samples: 30_000, baseline: { x: three } }
    const a = await explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options })
    expectValues(a.values, [9 - 5 / 3, 16 - 5 / 3])
    expect(a.baselineValue).toBeCloseTo(10 / 3, 5)
    expect(a.cost).toMatchObject({ forwards: 4, gradients: 30_000 })
    const alone = await explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options: { ...options, baseline: three } })
    expect(Array.from(alone.values)).toEqual(Array.from(a.values))
  })

  it('is exact for a linear function with every baseline used equally often, whatever the positions', async () => {
    for (const samples of [3, 6, 300]) {
      const a = await explain(modelOf(weighted([2, -1])), row([3, 4]), method, {
        target: 0,
        options: { samples, baseline: { x: three } },
      })
      expectValues(a.values, [2 * (3 + 1 / 3), -(4 - 1)])
      expect(Math.abs(a.residual!)).toBeLessThan(1e-5)
    }
  })

  it('stratified draws err far less than independent ones, and neither is biased', async () => {
    const model = modelOf(squares(2))
    const errors = async (sampling: string, samples: number) => {
      const found: number[] = []
      for (let seed = 0; seed < 40; seed++) {
        const options = { samples, sampling, baseline: baseline([0, 0]) }
        found.push((await explain(model, row([3, 4]), method, { target: 0, seed, options })).values[0]! / 9 - 1)
      }
      const mean = found.reduce((a, b) => a + b, 0) / found.length
      return { mean, deviation: Math.sqrt(found.reduce((a, b) => a + b * b, 0) / found.length) }
    }
    // 2 a with a uniform: deviation 1 / sqrt(3 n) of independent draws, 1 / (sqrt(3) n^1.5) of stratified ones.
    for (const [sampling, expected] of [
      ['independent', 1 / Math.sqrt(3 * 20)],
      ['stratified', 1 / (Math.sqrt(3) * 20 ** 1.5)],
    ] as const) {
      const { mean, deviation } = await errors(sampling, 20)
      expect(deviation / expected).toBeGreaterThan(0.7)
      expect(deviation / expected).toBeLessThan(1.4)
      expect(Math.abs(mean)).toBeLessThan((3 * expected) / Math.sqrt(40))
    }
  })

  it('noise on the input: the mean of x^2 grows by its variance; no residual is claimed', async () => {
    const options = { samples: 20_000, noise: 0.5, scale: 'absolute', baseline: baseline([0, 0]) }
    const a = await explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options })
    expectValues(a.values, [9.25, 16.25], 0.01)
    expect(a.residual).toBeUndefined()
    expect(a.cost.forwards).toBe(1)
  })

  it('a fresh uniform baseline for every sample, the same ones for the same seed', async () => {
    const input = row([0, 1, 1, 1])
    const options = { samples: 4000 }
    const a = await explain(modelOf(squares(4)), input, method, { target: 0, options })
    // E b^2 = 1/3 for b uniform in [0, 1].
    expectValues(a.values, [-1 / 3, 2 / 3, 2 / 3, 2 / 3], 0.03)
    const again = await explain(modelOf(squares(4)), input, method, { target: 0, options })
    const other = await explain(modelOf(squares(4)), input, method, { target: 0, options, seed: 1 })
    expect(Array.from(again.values)).toEqual(Array.from(a.values))
    expect(Array.from(other.values)).not.toEqual(Array.from(a.values))
    expect(a.cost.forwards).toBe(4001)
  })

  it('multiply=false is the mean gradient, which is integrated gradients without x - b', async () => {
    const a = await explain(modelOf(squares(2)), row([3, 4]), method, {
      target: 0,
      options: { samples: 2000, baseline: 'zeros', multiply: false },
    })
    expectValues(a.values, [3, 4])
  })

  it("runs with Captum's and shap's settings", async () => {
    for (const [variant, samples] of [
      ['captum', 5],
      ['shap', 200],
    ] as const) {
      const a = await explain(modelOf(multilayer()), row([20, 50, 30]), method, {
        target: 0,
        options: { variant, baseline: baseline([10, 20, 30]) },
      })
      expectValues(a.values, [40, 120, 0])
      expect(a.cost.gradients).toBe(samples)
    }
  })

  it('warns where few samples miss the difference, and refuses rows that do not fit', async () => {
    const options = { samples: 2, sampling: 'independent', baseline: 'zeros' }
    const a = await explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options })
    expect(a.warnings.join()).toMatch(/expected gradients: 2 samples miss .*use more samples/)
    const wrong = { baseline: float32([1, 3], [1, 2, 3]) }
    await expect(explain(modelOf(squares(2)), row([3, 4]), method, { target: 0, options: wrong })).rejects.toThrow(/whole rows/)
    const unequal = { baseline: { x1: float32([2, 1], [1, 2]), x2: float32([1, 1], [1]) } }
    const inputs = { x1: float32([1, 1], [3]), x2: float32([1, 1], [1]) }
    await expect(explain(modelOf(difference()), inputs, method, { target: 0, options: unequal })).rejects.toThrow(/give as many/)
  })
})
