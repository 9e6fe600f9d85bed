import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { correlatedValues } from '../src/methods/shapley/correlated-values.js'
import { build, mixed, modelOf, multilayer, squares, tensor, testRuntime } from './support/models.js'
import { bruteShapley } from './support/trees.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: readonly number[]) => ({ x: float32([1, values.length], values) })
const linear = (weights: readonly number[], bias = 0) =>
  modelOf(
    build({ x: ['batch', weights.length] }, (b, x) =>
      b.emit('Add', [b.emit('MatMul', [x!, b.constant(tensor([weights.length, 1], [...weights]))]), b.float(bias)]),
    ),
  )

/** E[x | x_S] by solving with the covariance of S: elimination without the order's steps. */
function imputed(point: number[], rows: number[][], weights: number[]): (mask: number) => number {
  const n = point.length
  const mean = point.map((_, i) => rows.reduce((sum, line) => sum + line[i]!, 0) / rows.length)
  const cov = (i: number, j: number): number => rows.reduce((sum, line) => sum + (line[i]! - mean[i]!) * (line[j]! - mean[j]!), 0)
  return mask => {
    const inside = point.map((_, i) => i).filter(i => mask & (1 << i))
    const system = inside.map(i => [...inside.map(j => cov(i, j)), point[i]! - mean[i]!])
    inside.forEach((_, k) => {
      for (let i = 0; i < system.length; i++)
        if (i !== k) {
          const factor = system[i]![k]! / system[k]![k]!
          system[i] = system[i]!.map((value, c) => value - factor * system[k]![c]!)
        }
    })
    const solved = system.map((line, k) => line[inside.length]! / line[k]!)
    return Array.from({ length: n }, (_, i) => {
      const at = inside.indexOf(i)
      return weights[i]! * (at >= 0 ? point[i]! : mean[i]! + inside.reduce((sum, j, k) => sum + cov(i, j) * solved[k]!, 0))
    }).reduce((a, b) => a + b, 0)
  }
}

const random = new Random(2)
const base = Array.from({ length: 12 }, () => Array.from({ length: 4 }, () => random.normal()))
const related = base.map(([a, b, c, d]) => [a! + b!, b! - 0.5 * c!, c! + 0.3 * a!, d! + a! + c!])

describe('linear-shap', () => {
  const rows = [
    [0, 0, 1],
    [1, 1, 4],
    [2, 2, -7],
    [5, 5, 2],
  ]
  const baseline = float32([4, 3], rows.flat())

  it('63: w (x - mean), and half each where two features are the same', async () => {
    const model = linear([1, 0, 0], 0.5)
    const independent = await explain(model, row([4, 4, 2]), 'linear-shap', { options: { baseline } })
    expectValues(independent.values, [2, 0, 0])
    expect(independent.baselineValue).toBeCloseTo(2.5, 6)
    const correlated = await explain(model, row([4, 4, 2]), 'linear-shap', { options: { baseline, correlated: true } })
    expectValues(correlated.values, [1, 1, 0])
    expect(Math.abs(correlated.residual!)).toBeLessThan(1e-6)
    expect(correlated.cost).toMatchObject({ forwards: 2, gradients: 4 })
  })

  it('correlated: Shapley values of imputation by solved systems, by all orders and by drawn ones', () => {
    const [weights, point] = [
      [1, -2, 0.5, 3],
      [1, 2, -1, 0.5],
    ]
    const expected = bruteShapley(4, imputed(point!, related, weights!))
    const values = (orders: number) =>
      correlatedValues(
        Float64Array.from(weights!),
        Float64Array.from(point!),
        related.map(line => Float64Array.from(line)),
        orders,
        3,
      )
    expectValues(values(24), expected, 1e-10)
    expectValues(values(23), expected, 0.2)
    expectValues(values(5000), expected, 1e-10)
  })

  it('drawn orders come near, and are complete', () => {
    const n = 14
    const draw = new Random(4)
    const lines = Array.from({ length: 40 }, () => Float64Array.from({ length: n }, () => draw.normal()))
    const [weights, point] = [lines[0]!, lines[1]!]
    const values = correlatedValues(weights, point, lines, 200, 0)
    const mean = point.map((_, i) => lines.reduce((sum, line) => sum + line[i]!, 0) / lines.length)
    const change = weights.reduce((sum, weight, i) => sum + weight * (point[i]! - mean[i]!), 0)
    expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(change, 9)
  })

  it('refuses what is not linear, and correlations without rows', async () => {
    await expect(explain(modelOf(multilayer()), row([1, 2, 3]), 'linear-shap', { target: 0 })).rejects.toThrow(
      /not linear in "x"/,
    )
    await expect(explain(linear([1, 2]), row([1, 2]), 'linear-shap', { options: { correlated: true } })).rejects.toThrow(
      /several rows/,
    )
  })
})

describe('additive-shap', () => {
  it('5 x + y^2 + sin z: each effect against the mean over the rows', async () => {
    const rows = [
      [0, 1, 2],
      [-1, 0.5, 0.25],
    ]
    const a = await explain(modelOf(mixed()), row([1, 2, 0.5]), 'additive-shap', {
      options: { baseline: float32([2, 3], rows.flat()) },
    })
    const effects = [(x: number) => 5 * x, (x: number) => x * x, Math.sin]
    expectValues(
      a.values,
      [1, 2, 0.5].map((x, i) => effects[i]!(x) - (effects[i]!(rows[0]![i]!) + effects[i]!(rows[1]![i]!)) / 2),
    )
    expect(Math.abs(a.residual!)).toBeLessThan(1e-5)
  })

  it('costs a forward for each feature, and refuses interactions', async () => {
    const a = await explain(modelOf(squares(5)), row([1, 2, 3, 4, 5]), 'additive-shap')
    expectValues(a.values, [1, 4, 9, 16, 25])
    expect(a.cost.forwards).toBe(2 + 8 + 5)
    const product = build({ x: ['batch', 2] }, (b, x) => b.emit('ReduceProd', [x!, b.ints([1])], { keepdims: 1 }))
    await expect(explain(modelOf(product), row([2, 3]), 'additive-shap')).rejects.toThrow(/features interact/)
  })
})

describe('feature-permutation', () => {
  const rows = [
    [1, 0, 2],
    [3, -1, 2],
    [-2, 4, 2],
  ]
  const data = float32([3, 3], rows.flat())
  const f = ([x, y, z]: number[]): number => 5 * x! + y! * y! + Math.sin(z!)

  it('f(x) less the mean of f with the feature of every row', async () => {
    const x = [1, 2, 0.5]
    const a = await explain(modelOf(mixed()), row(x), 'feature-permutation', { options: { data } })
    const expected = x.map((_, i) => f(x) - rows.reduce((sum, r) => sum + f(x.map((v, j) => (j === i ? r[i]! : v))), 0) / 3)
    expectValues(a.values, expected)
    expect(a.cost.forwards).toBe(1 + 3 * 3)
  })

  it('draws rows by the seed where there are more than asked for', async () => {
    const run = (seed: number) =>
      explain(modelOf(mixed()), row([1, 2, 0.5]), 'feature-permutation', { seed, options: { data, samples: 1 } })
    const effects = rows.map(([x]) => Math.fround(5 - 5 * x!))
    const drawn = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async seed => (await run(seed)).values[0]!))
    for (const effect of drawn) expect(effects.some(one => Math.abs(one - effect) < 1e-4)).toBe(true)
    expect(new Set(drawn.map(Math.round)).size).toBeGreaterThan(1)
  })

  it('says that it needs a data set', async () => {
    const run = (options = {}) => explain(modelOf(mixed()), row([1, 2, 0.5]), 'feature-permutation', { options })
    await expect(run()).rejects.toThrow(/needs a data set/)
    await expect(run({ data: 'zeros' })).rejects.toThrow(/"zeros" is no data set/)
  })
})

describe('glime', () => {
  it('of an additive model without a penalty is each feature alone', async () => {
    const a = await explain(modelOf(squares(4)), row([1, 2, -3, 0.5]), 'glime', { options: { samples: 60, alpha: 0 } })
    expectValues(a.values, [1, 4, 9, 0.25])
  })

  it("comes near LIME's weighted limit where features interact", async () => {
    const model = modelOf(build({ x: ['batch', 2] }, (b, x) => b.emit('ReduceProd', [x!, b.ints([1])], { keepdims: 1 })))
    // min E (z1 z2 - a - w (z1 + z2))^2 with P(z_i = 1) = p: w = p.
    const a = await explain(model, row([1, 1]), 'glime', { options: { samples: 40_000, alpha: 0 } })
    const p = 1 / (1 + Math.exp(-1))
    // The standard error of w is sd(z1 z2 - fit) / sqrt(n p (1 - p)) = 0.0023: four of them.
    for (const value of a.values) expect(Math.abs(value - p)).toBeLessThan(0.005)
    await expect(explain(model, row([1, 1]), 'glime', { options: { samples: 2, alpha: 0 } })).rejects.toThrow(/do not determine/)
  })
})

describe('norm-lime', () => {
  it('mean of w^2 / |w| over the rows in which a feature occurs', async () => {
    const model = modelOf(squares(3))
    const data = float32([2, 3], [2, 0, 1, 1, 3, 0])
    const a = await explain(model, row([1, 2, 3]), 'norm-lime', { options: { data, samples: 40, alpha: 0 } })
    const inputs = [
      [1, 4, 9],
      [4, 0, 1],
      [1, 9, 0],
    ]
    const expected = [0, 1, 2].map(i => {
      const present = inputs.filter(w => w[i]! > 0)
      return present.reduce((sum, w) => sum + w[i]! ** 2 / (w[0]! + w[1]! + w[2]!), 0) / present.length
    })
    expectValues(a.values, expected)
    expect(a.cost.forwards).toBe(3 * 40)
    const alone = await explain(model, row([1, 2, 3]), 'norm-lime', { options: { samples: 40, alpha: 0 } })
    expectValues(alone.values, [1 / 14, 16 / 14, 81 / 14])
  })
})
